"""A TCP proxy to stand between workers and a coordinator: a network that a test can cut, slow down or let swallow
what is sent."""

import socket
import threading
import time


class Cable:
    """Carries every connection made to `endpoint` on to where `find_far()` says ((host, port), asked again for each
    connection; None or an OSError: nobody is there). All methods may be called from any thread."""

    def __init__(self, find_far):
        self._find_far = find_far
        self._mutex = threading.Lock()
        self._links = []
        self._down = False  # nobody is let in
        self._holes = 0  # how many black holes are open that swallow all
        self._delay = 0.0  # seconds before each chunk is passed on
        self.cut, self.withheld, self.delayed = 0, 0, 0  # so far: connections, chunks, chunks
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = "tcp://127.0.0.1:%d" % self._listener.getsockname()[1]
        _in_background(self._accept)

    def close(self):
        _close(self._listener)
        for link in self._standing(lambda link: not link.closed):
            link.close()

    def links(self):
        """The connections whose ends both think that they stand, oldest first."""
        return self._standing(lambda link: not link.closed and not link.near_is_gone)

    def cut_link(self, link):
        self.cut += 1
        link.close()

    def cut_near_end(self, link):
        """Who connected is told; the far end is not, and what it sends is lost. Returns what tells it."""
        self.cut += 1
        link.near_is_gone = True
        link.release()
        _close(link.near)
        return link.close

    def go_down(self):
        """Cuts all, and lets nobody in. Returns what brings it back."""
        self._down = True
        for link in self.links():
            self.cut_link(link)

        def up():
            self._down = False

        return up

    def swallow(self, link):
        """Holds back what this connection carries, without a word to either end. Returns what lets it go on."""
        link.hold()
        return link.release

    def swallow_all(self):
        """The same for all connections, also those that come. Returns what lets them go on."""
        with self._mutex:
            self._holes += 1
        for link in self.links():
            link.hold()

        def let_go():
            with self._mutex:
                self._holes -= 1
            for link in self.links():
                link.release()

        return let_go

    def slow_down(self, seconds):
        """Each chunk waits that long. Returns what speeds it up."""
        self._delay = seconds

        def speed_up():
            self._delay = 0.0

        return speed_up

    def _standing(self, wanted):
        with self._mutex:
            self._links = [link for link in self._links if not link.closed]
            return [link for link in self._links if wanted(link)]

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return  # closed
            _in_background(self._connect, near)

    def _connect(self, near):
        try:
            there = None if self._down else self._find_far()
            far = there and socket.create_connection(there, timeout=10)
        except OSError:
            far = None
        if not far:
            return _close(near)
        far.settimeout(None)
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = _Link(near, far)
        with self._mutex:
            if self._holes:
                link.hold()
            self._links.append(link)
        if self._down:  # meanwhile
            self.cut_link(link)
        _in_background(self._pump, link, near, far)
        _in_background(self._pump, link, far, near)

    def _pump(self, link, source, sink):
        try:
            while data := source.recv(1 << 16):
                if link.holds():
                    self.withheld += 1
                    link.wait_until_released()
                if self._delay:
                    self.delayed += 1
                    time.sleep(self._delay)
                if not (link.near_is_gone and sink is link.near):  # else lost
                    sink.sendall(data)
        except OSError:
            pass
        if not (link.near_is_gone and source is link.near):
            link.close()


class _Link:
    def __init__(self, near, far):
        self.near, self.far = near, far
        self.closed = self.near_is_gone = False
        self._free = threading.Event()
        self._free.set()

    def hold(self):
        self._free.clear()

    def release(self):
        self._free.set()

    def holds(self):
        return not self._free.is_set()

    def wait_until_released(self):
        self._free.wait()

    def close(self):
        self.closed = True
        self.release()
        for end in (self.near, self.far):
            _close(end)


def _close(end):
    try:
        end.shutdown(socket.SHUT_RDWR)  # wakes who waits in recv()
    except OSError:
        pass
    end.close()


def _in_background(function, *arguments):
    threading.Thread(target=function, args=arguments, daemon=True).start()
