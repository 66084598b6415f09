import dataclasses


@dataclasses.dataclass
class Article:
    url: str
    words: int = 0
