"""Questions about how neural networks train in, answers with certificates out."""

__all__: list[str] = []
