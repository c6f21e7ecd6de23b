"""A receiver as Labelbox's documentation shows one: Flask under werkzeug's own
server, which verifies the HMAC, prints what came with the payload indented, and
answers "Success". It keeps nothing.

It listens at PORT, with the secret in BENCH_SECRET.
"""

import hashlib
import hmac
import json
import os

from flask import Flask, request
from werkzeug.serving import run_simple

SECRET = os.environ["BENCH_SECRET"].encode()

app = Flask(__name__)


@app.route("/webhook-endpoint", methods=["POST"])
def receive():
    body = request.data
    expected = "sha1=" + hmac.new(SECRET, body, hashlib.sha1).hexdigest()
    if request.headers["X-Hub-Signature"] != expected:
        print("signature does not match")
        return "Error", 500
    print("delivery", request.headers["X-Labelbox-Id"])
    print("event", request.headers["X-Labelbox-Event"])
    print("payload", json.dumps(json.loads(body.decode("utf8")), indent=4))
    return "Success"


run_simple("127.0.0.1", int(os.environ["PORT"]), app)
