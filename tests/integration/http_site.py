"""A dashboard from outside, as tests ask it."""
import http.client
import json
import os
import select
import socket
import stat
import time

import harness as h

SOON = 30  # seconds; the machine may be shared


class Site:
    """A dashboard, from outside."""

    def __init__(self, told, token):
        self.http, self.link, self.token = told["http"], told["link"], token
        self.host, self.port = self.http.removeprefix("http://").split(":")
        self.port = int(self.port)

    def ask(self, path, method="GET", headers=None, bearer=True, body=None):
        """Status, headers and text."""
        fields = {"Authorization": f"Bearer {self.token}"} if bearer else {}
        connection = http.client.HTTPConnection(self.host, self.port, timeout=SOON)
        connection.request(method, path, body=body, headers={**fields, **(headers or {})})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, dict(answer.getheaders()), text

    def status(self, path, *words, **options):
        return self.ask(path, *words, **options)[0]

    def get(self, path):
        status, _, text = self.ask("/api/v1/" + path)
        h.expect_equal(status, 200, f"GET {path}: {text[:300]}")
        return json.loads(text)

    def connect(self, receive_buffer=None):
        one = socket.socket()
        if receive_buffer:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        one.settimeout(SOON)
        one.connect((self.host, self.port))
        return one

    def begin_stream(self, query, headers="", **options):
        one = self.connect(**options)
        one.sendall(f"GET /api/v1/stream?{query} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.token}\r\n"
            f"{headers}\r\n".encode())
        return one

    def stream(self, query, enough, headers=""):
        """Events (kind, id, data) until `enough(events)`."""
        one, text, until = self.begin_stream(query, headers), b"", time.time() + SOON
        events = []
        while not enough(events):
            h.expect(time.time() < until, f"the stream {query} does not tell what it should; it told {events[-3:]}")
            if not select.select([one], [], [], 1)[0]:
                continue
            some = one.recv(1 << 20)
            h.expect(some, f"the stream {query} has ended: {text[-300:]}")
            text += some
            body = text.partition(b"\r\n\r\n")[2]
            whole = body.rpartition(b"\n\n")[0].decode()
            events = [event for block in whole.split("\n\n") if (event := parsed(block))]
        one.close()
        return events


def parsed(block):
    fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
    return (fields["event"], fields.get("id"), fields["data"]) if "data" in fields else None


def token_in(home):
    path = os.path.join(home, "token")
    h.expect_equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "the mode of the token's file")
    return open(path).read().strip()


def soon(condition, text):
    until = time.time() + SOON
    while not (value := condition()):
        h.expect(time.time() < until, f"not within {SOON} s: {text}")
        time.sleep(0.1)
    return value
