"""The page in a real browser: no request to any host, no complaint, nothing overflows."""

import json
import re
import subprocess
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from gradiometer.report import load_renderer
from report.samples import ANSWERS, whole_page

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-default-apps", "--disable-extensions", "--enable-logging=stderr", "--v=0",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip

MEASURE = """<script>
const wide = [...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll,pre,.formula')
  && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.tagName);
const small = [...document.querySelectorAll('svg text')].map(e => e.getBoundingClientRect().height);
const page = document.documentElement.scrollWidth;
parent.document.title = JSON.stringify({width: innerWidth, page: page,
  wide: wide, letters: Math.min(...small), math: document.querySelectorAll('math').length});
</script></body>"""


@pytest.fixture(scope="module")
def html():
    return whole_page()


def visit(browser, folder, html, *flags):
    """The page's elements once shown, what the browser said, and what the page asked for."""
    with serve(html) as (origin, wanted):
        log = folder / "net.json"
        command = [
            browser, *FLAGS, f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}",
            *flags, "--dump-dom", f"{origin}/",
        ]  # fmt: skip
        run = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    said = [line for line in run.stderr.splitlines() if "CONSOLE" in line]
    return run.stdout, said, set(wanted[1:]) | asked(log, origin)


@contextmanager
def serve(html):
    """An origin on this machine that has one page, and the paths that were asked of it."""
    wanted = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            wanted.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", wanted
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def asked(log, origin):
    """Addresses that the page requested; the browser's own requests have another initiator."""
    mine = f'"initiator":"{origin}"'
    lines = [line for line in log.read_text(encoding="utf-8").splitlines() if mine in line]
    return {url for line in lines for url in re.findall(r'"url":"([^"]+)"', line)} - {f"{origin}/"}


def test_page_asks_nothing_and_raises_no_complaint(chromium, tmp_path, html):
    shown, said, addresses = visit(chromium, tmp_path, html)
    assert "Training mechanics" in shown
    assert said == []
    assert addresses == set()


def test_a_request_would_be_noticed(chromium, tmp_path):
    body = '<img src="/picture.png"><img src="http://far.invalid/picture.png">'
    _, said, addresses = visit(chromium, tmp_path, f"<!DOCTYPE html><title>t</title>{body}")
    assert {"/picture.png", "http://far.invalid/picture.png"} <= addresses
    policy = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">'
    (tmp_path / "strict").mkdir()
    _, said, addresses = visit(chromium, tmp_path / "strict", f"<!DOCTYPE html>{policy}{body}")
    assert said


def measure(browser, folder, html, width):
    """Sizes in a frame of *width* pixels; the page itself may run no script, its copy may."""
    copy = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
    copy = escape(copy.replace("</body>", MEASURE))
    frame = f'<iframe style="border:0;width:{width}px;height:900px" srcdoc="{copy}"></iframe>'
    shown, _, _ = visit(browser, folder, f"<!DOCTYPE html><title></title>{frame}")
    return json.loads(re.search(r"<title>(\{.*?\})</title>", shown)[1])


@pytest.mark.parametrize("width", [320])
def test_page_never_scrolls_sideways(chromium, tmp_path, html, width):
    found = measure(chromium, tmp_path, html, width)
    assert found["width"] == width, found
    assert found["page"] <= width, found
    assert found["wide"] == []
    assert found["letters"] >= 10, "letters of figures can be read"
    assert found["math"] > 10


def test_notebook_fragment_leaves_the_page_around_it_alone(chromium, tmp_path):
    fragment = load_renderer().to_mimebundle(ANSWERS["graph"])["text/html"]
    script = (
        "<script>document.title = getComputedStyle(document.querySelector('#out')).color + '|' +"
        "getComputedStyle(document.querySelector('.gradiometer .answer')).borderLeftStyle"
        "</script>"
    )
    page_around = f'<!DOCTYPE html><body><p class="answer" id="out">x</p>{fragment}{script}</body>'
    shown, said, _ = visit(chromium, tmp_path, page_around)
    assert re.search(r"<title>rgb\(0, 0, 0\)\|solid</title>", shown)
    assert said == []
