"""HTTP requests in, answers as JSON and pages out."""

__all__: list[str] = []
