"""Eclipse Paho's Python client against LocalCloud.

python3 paho_clients.py HOST PORT ROOT_CA CERTIFICATE KEY SCENARIO

Client ids begin with "all-". Standard output says what came back, a line each; exit status 0 when the scenario was as it should be.
"""

import queue
import socket
import sys
import time

import paho.mqtt.client as mqtt

HOST, ROOT_CA, CERTIFICATE, KEY, SCENARIO = sys.argv[1], *sys.argv[3:7]
PORT = int(sys.argv[2])
PATIENCE = 15


class Client:
    """A Paho client with its events in queues, so that a scenario reads from top to bottom."""

    def __init__(self, name, clean=True, will=None):
        self.connected, self.subscribed, self.published, self.messages, self.ended = (queue.Queue() for _ in range(5))
        self.inner = mqtt.Client(client_id="all-" + name, clean_session=clean, protocol=mqtt.MQTTv311)
        self.inner.tls_set(ROOT_CA, CERTIFICATE, KEY)
        self.inner.on_connect = lambda _, __, flags, code: self.connected.put((code, flags["session present"]))
        self.inner.on_subscribe = lambda _, __, packet_id, granted: self.subscribed.put(granted)
        self.inner.on_publish = lambda _, __, packet_id: self.published.put(packet_id)
        self.inner.on_message = lambda _, __, message: self.messages.put(message)
        self.inner.on_disconnect = lambda _, __, code: self.ended.put(code)
        if will:
            self.inner.will_set(*will)

    def connect(self):
        self.inner.connect(HOST, PORT, keepalive=30)
        self.inner.loop_start()
        code, present = self.connected.get(timeout=PATIENCE)
        assert code == 0, f"CONNACK {code}"
        return present

    def subscribe(self, *filters):
        self.inner.subscribe([(each, 1) for each in filters])
        granted = self.subscribed.get(timeout=PATIENCE)
        assert granted == tuple(1 for _ in filters), granted

    def publish(self, topic, payload, qos=1, retain=False):
        self.inner.publish(topic, payload, qos, retain)
        self.published.get(timeout=PATIENCE)

    def expect(self, topic, payload, retain=False):
        message = self.messages.get(timeout=PATIENCE)
        got = (message.topic, message.payload.decode(), message.retain)
        assert got == (topic, payload, retain), got
        print(*got)

    def expect_nothing(self, seconds=1):
        try:
            message = self.messages.get(timeout=seconds)
        except queue.Empty:
            return
        raise AssertionError(f"{message.topic} {message.payload}")

    def disconnect(self):
        self.inner.disconnect()
        self.ended.get(timeout=PATIENCE)
        self.inner.loop_stop()

    def die(self):
        """Ends without DISCONNECT, as a board does whose power goes."""
        self.inner.on_disconnect = None
        self.inner.loop_stop()
        self.inner.socket().shutdown(socket.SHUT_RDWR)
        self.inner.socket().close()


def publish_and_subscribe():
    watcher, sender = Client("watcher"), Client("sender")
    assert not watcher.connect() and not sender.connect()
    watcher.subscribe("paho/+/x", "paho/all/#")
    for number in range(300):
        sender.publish("paho/all/x" if number % 3 == 0 else "paho/one/x", str(number), number % 2)
    for number in range(300):
        watcher.expect("paho/all/x" if number % 3 == 0 else "paho/one/x", str(number))
    watcher.inner.unsubscribe(["paho/+/x", "paho/all/#"])
    time.sleep(0.5)
    sender.publish("paho/one/x", "unheard")
    watcher.expect_nothing()
    watcher.disconnect()
    sender.disconnect()


def last_will():
    watcher = Client("heir")
    watcher.connect()
    watcher.subscribe("wills/#")
    mortal = Client("mortal", will=("wills/mortal", "gone", 1, False))
    mortal.connect()
    mortal.die()
    watcher.expect("wills/mortal", "gone")
    orderly = Client("orderly", will=("wills/orderly", "gone", 1, False))
    orderly.connect()
    orderly.disconnect()
    watcher.expect_nothing()
    watcher.disconnect()


def persistent_session():
    sender = Client("sender")
    sender.connect()
    first = Client("keeper", clean=False)
    assert not first.connect()
    first.subscribe("kept/x")
    first.disconnect()
    for number in range(5):
        sender.publish("kept/x", str(number))
    sender.publish("kept/x", "qos 0 is not kept", 0)
    time.sleep(1.2)
    second = Client("keeper", clean=False)
    assert second.connect(), "sessionPresent is false"
    for number in range(5):
        second.expect("kept/x", str(number))
    second.expect_nothing()
    second.disconnect()
    time.sleep(1.2)
    third = Client("keeper")
    assert not third.connect()
    sender.publish("kept/x", "forgotten")
    third.expect_nothing()
    third.disconnect()
    sender.disconnect()


def retained_message():
    sender = Client("sender")
    sender.connect()
    sender.publish("retained/x", "first", retain=True)
    sender.publish("retained/x", "last", retain=True)
    late = Client("late")
    late.connect()
    late.subscribe("retained/x")
    late.expect("retained/x", "last", retain=True)
    sender.publish("retained/x", "live", retain=True)
    late.expect("retained/x", "live")
    sender.publish("retained/x", "", retain=True)
    late.expect("retained/x", "")
    later = Client("later")
    later.connect()
    later.subscribe("retained/x")
    later.expect_nothing()
    for client in (sender, late, later):
        client.disconnect()


{
    "publish_and_subscribe": publish_and_subscribe,
    "last_will": last_will,
    "persistent_session": persistent_session,
    "retained_message": retained_message,
}[SCENARIO]()
