"""Named things as TOML text in, the same text with its references out."""

__all__: list[str] = []
