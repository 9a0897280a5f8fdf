#!/usr/bin/env python3
"""A reward of your own, as an HTTP endpoint: does the completion mention the answer?

    ./server.py 8000
    rewards:
      mentions: { kind: http, weight: 0.5, url: "http://127.0.0.1:8000/grade" }

A POST brings {"items": [{"id", "prompt", "answer", "completion"}, …]}. The same ids may come again
where a reply was lost, so a grader should not mind being asked twice.
"""
import http.server
import json
import sys


def grade(item):
    found = item["answer"] in item["completion"]
    return {"id": item["id"], "score": 1.0 if found else 0.0, "evidence": "mentioned" if found else "not mentioned"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        items = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["items"]
        body = json.dumps({"items": [grade(item) for item in items]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8000), Handler)
    print(f"listening on port {server.server_port}", flush=True)
    server.serve_forever()
