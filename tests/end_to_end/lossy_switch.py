"""A network switch in user space: frames take their time, some are lost, and a host can be cut off. (`tc netem` does
the same, where a kernel has it.)"""

import collections
import fcntl
import random
import select
import struct
import threading
import time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000  # linux/if_tun.h
LONGEST = 1 << 16  # bytes of a frame


class LossySwitch:
    """Has a TAP device of each name as a port, which stays one when it moves to another network namespace. Each frame
    is held for `delay` seconds; the share `loss` of them is dropped, which ones decides `seed`."""

    def __init__(self, names, delay, loss, seed):
        self._delay, self._loss, self._dice = delay, loss, random.Random(seed)
        self._ports = [_tap(name) for name in names]
        self._behind = {}  # {MAC address: port}
        self._cut = set()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self.lost = 0  # frames
        self.heard = bytearray()  # all frames that came, as a wiretap would have them

    def start(self):
        """Once all devices are up."""
        self._thread.start()

    def close(self):
        """The devices go with it."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()
        for port in self._ports:
            port.close()

    def cut(self, number):
        """Nothing passes this port from now on, nor what is on its way; nobody is told."""
        self._cut.add(self._ports[number])

    def mend(self, number):
        self._cut.remove(self._ports[number])

    def _carry(self):
        held = collections.deque()  # (when due, from where, frame)
        while not self._closed.is_set():
            until_due = held[0][0] - time.monotonic() if held else 0.1
            for port in select.select(self._ports, [], [], max(0, min(until_due, 0.1)))[0]:
                frame = port.read(LONGEST)
                self.heard += frame
                if self._dice.random() < self._loss:
                    self.lost += 1
                else:
                    held.append((time.monotonic() + self._delay, port, frame))
            while held and held[0][0] <= time.monotonic():
                self._deliver(*held.popleft()[1:])

    def _deliver(self, source, frame):
        target, sender = frame[:6], frame[6:12]
        self._behind[sender] = source
        for port in [self._behind[target]] if target in self._behind else self._ports:
            if port is not source and not {port, source} & self._cut:
                port.write(frame)


def _tap(name):
    device = open("/dev/net/tun", "r+b", buffering=0)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return device
