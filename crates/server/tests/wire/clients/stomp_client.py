"""Speaks STOMP 1.0, 1.1 and 1.2 with stomp.py, by TCP and by TLS, and prints what came, one JSON line for each thing."""

import json
import queue
import sys

import stomp

PORT, TLS_PORT, CERTIFICATE, LOGIN, PASSCODE, TOKEN = sys.argv[1:]
KINDS = [stomp.StompConnection10, stomp.StompConnection11, stomp.StompConnection12]
SHOWN = ["type", "correlation-id", "reply-to", "odd"]


def say(**thing):
    print(json.dumps(thing, ensure_ascii=False), flush=True)


class Listener(stomp.ConnectionListener):
    """What comes, in its order."""

    def __init__(self):
        self.frames = queue.Queue()
        self.beats = queue.Queue()

    def on_message(self, frame):
        self.frames.put(("message", frame))

    def on_receipt(self, frame):
        self.frames.put(("receipt", frame))

    def on_error(self, frame):
        self.frames.put(("error", frame))

    def on_disconnected(self):
        self.frames.put(("disconnected", None))

    def on_heartbeat(self):
        self.beats.put(True)

    def on_heartbeat_timeout(self):
        self.frames.put(("heart-beat lost", None))

    def next(self, kind):
        came, frame = self.frames.get(timeout=20)
        assert came == kind, (came, frame and frame.headers, frame and frame.body)
        return frame


def opened(version, port, **more):
    if version > 0:
        more["heartbeats"] = (1000, 1000)
    connection = KINDS[version]([("127.0.0.1", int(port))], reconnect_attempts_max=1, **more)
    listener = Listener()
    connection.set_listener("ours", listener)
    return connection, listener


def body(listener):
    return listener.next("message").body


def topic(connection, listener, version):
    """What is sent to a topic comes back, whole, to those who want it."""
    there = f"/topic/py-{version}"
    connection.subscribe(there, id=1, receipt="subscribed")
    subscribed = listener.next("receipt").headers["receipt-id"]
    headers = {"type": "greeting", "correlation-id": "c-1", "reply-to": "/queue/b", "odd": "a:b\\z"}
    connection.send(there, "Ação\nsecond line", headers=headers, receipt="sent")
    came = [listener.frames.get(timeout=20) for _ in range(2)]
    message = next(frame for kind, frame in came if kind == "message")
    receipt = next(frame for kind, frame in came if kind == "receipt").headers["receipt-id"]
    say(version=version, receipts=[subscribed, receipt], body=message.body, headers=[message.headers[name] for name in SHOWN])
    connection.unsubscribe(id=1)
    connection.subscribe(there, id=2, headers={"selector": "JMSType = 'wanted' OR colour IN ('red', 'blue')"})
    for kind, colour in [("other", "green"), ("wanted", "green"), ("other", "blue")]:
        connection.send(there, f"{kind} {colour}", headers={"type": kind, "colour": colour})
    say(version=version, selected=[body(listener), body(listener)])
    connection.unsubscribe(id=2)


def transactions(connection, listener, version):
    """What was sent in a transaction comes after it, or not at all."""
    there = f"/topic/py-{version}"
    connection.subscribe(there, id=3)
    kept, dropped = connection.begin(), connection.begin()
    connection.send(there, "in the first", transaction=kept)
    connection.send(there, "in the second", transaction=dropped)
    connection.send(there, "in none")
    connection.abort(dropped)
    connection.commit(kept)
    connection.send(there, "last")
    say(version=version, transaction=[body(listener) for _ in range(3)])
    connection.unsubscribe(id=3)


def acknowledge(connection, listener, version, mode, acknowledged):
    """Of three messages some are acknowledged; the others come back to the next who listens."""
    there = f"/queue/py-{version}-{mode}"
    connection.subscribe(there, id=4, ack=mode)
    for text in ["1", "2", "3"]:
        connection.send(there, text)
    for number in range(3):
        headers = listener.next("message").headers
        if number == acknowledged:
            args = {0: [headers["message-id"]], 1: [headers["message-id"], 4], 2: [headers.get("ack")]}[version]
            connection.ack(*args)
        elif mode == "client-individual" and number == 2:
            args = {1: [headers["message-id"], 4], 2: [headers["ack"]]}[version]
            connection.nack(*args)
    connection.unsubscribe(id=4)
    connection.send(there, "end")
    connection.subscribe(there, id=5)
    back = iter(lambda: body(listener), "end")
    say(version=version, mode=mode, back=list(back))
    connection.unsubscribe(id=5)


def leave(connection, listener):
    """stomp.py closes at once when it has asked for a receipt, which may come before."""
    connection.disconnect(receipt="bye")
    while (came := listener.frames.get(timeout=20))[0] != "disconnected":
        assert came[0] == "receipt", came


for version in range(3):
    connection, listener = opened(version, PORT)
    connection.connect(LOGIN, PASSCODE, wait=True)
    topic(connection, listener, version)
    transactions(connection, listener, version)
    acknowledge(connection, listener, version, "client", 1)
    if version > 0:
        acknowledge(connection, listener, version, "client-individual", 1)
        say(version=version, beats=[listener.beats.get(timeout=20) for _ in range(3)])
    leave(connection, listener)
    say(version=version, bye=True)

for version in range(3):
    connection, listener = opened(version, TLS_PORT)
    connection.set_ssl(for_hosts=[("127.0.0.1", int(TLS_PORT))], ca_certs=CERTIFICATE)
    connection.connect(passcode=TOKEN, wait=True)
    connection.subscribe("/topic/tls", id=1)
    connection.send("/topic/tls", "under TLS")
    say(version=version, body=body(listener))
    leave(connection, listener)

for version, (login, passcode) in [(0, (LOGIN, "wrong")), (1, ("nobody", PASSCODE)), (2, (None, "no token"))]:
    connection, listener = opened(version, PORT)
    connection.connect(login, passcode)
    say(version=version, refused=listener.next("error").headers["message"])
say(done=True)
