"""What a test reads from an HTML page: tags in balance, ids, links, texts by element."""

from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Reader(HTMLParser):
    """Elements of a page; `errors` lists tags that do not match."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.stack, self.errors, self.ids, self.links, self.tags = [], [], [], [], []
        self.texts = {}
        self.attributes = []
        self.feed(text)
        self.close()
        self.errors += [f"<{tag}> stays open" for tag in self.stack]

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self._note(tag, attrs)
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self._note(tag, attrs)

    def handle_endtag(self, tag):
        if not self.stack or self.stack[-1] != tag:
            self.errors.append(f"</{tag}> at {self.getpos()} inside {self.stack[-3:]}")
        else:
            self.stack.pop()

    def handle_data(self, data):
        for tag in set(self.stack):
            self.texts.setdefault(tag, []).append(data)

    def _note(self, tag, attrs):
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.errors.append(f"<{tag}> names an attribute twice")
        for name, value in attrs:
            self.attributes.append((tag, name, value))
            if name == "id":
                self.ids.append(value)
            if name == "href" and (value or "").startswith("#"):
                self.links.append(value[1:])

    def text_of(self, tag):
        return "".join(self.texts.get(tag, ()))
