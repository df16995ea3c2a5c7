#include "common/wire/connect.h"

#include <netdb.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "common/base/error.h"
#include "common/wire/address.h"

namespace wcam {

namespace {

// For an address that says nothing, where another might answer.
constexpr int kPatienceMs = 1'000;

bool takes_connections(const Address& address) {
  const int fd = address.call();
  if (fd < 0) return false;
  pollfd waiting{fd, POLLOUT, 0};
  int error = 1;
  socklen_t size = sizeof error;
  if (::poll(&waiting, 1, kPatienceMs) == 1) (void)::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  ::close(fd);
  return error == 0;
}

}  // namespace

std::string Address::endpoint() const {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (::getnameinfo(reinterpret_cast<const sockaddr*>(&bytes), size, host.data(), host.size(), port.data(),
                    port.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    throw InputError("an address that cannot be shown");
  std::string numbers = host.data();
  if (numbers.starts_with("::ffff:")) numbers = numbers.substr(7);  // IPv4, as an IPv6 socket sees it
  return "tcp://" + (numbers.find(':') == std::string::npos ? numbers : "[" + numbers + "]") + ":" +
         port.data();
}

int Address::call() const {
  const int fd = ::socket(bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0) (void)::connect(fd, reinterpret_cast<const sockaddr*>(&bytes), size);
  return fd;
}

std::vector<Address> addresses_of(const std::string& endpoint) {
  if (!is_endpoint(endpoint))
    throw InputError("'" + endpoint + "' is not of the form tcp://HOST:PORT (an IPv6 address in brackets)");
  std::string host = host_of_endpoint(endpoint);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  addrinfo hints{}, *first = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  if (const int error = ::getaddrinfo(host.c_str(), port_of_endpoint(endpoint).c_str(), &hints, &first);
      error != 0)
    throw InputError(
        "cannot find host '" + host + "' of " + endpoint + ": " + ::gai_strerror(error) +
        ": a coordinator started with --bind 'tcp://IFACE:*' (an interface of its host, as ib0) or "
        "'tcp://ADDRESS:*' is found without its host's name");
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(first, ::freeaddrinfo);
  std::vector<Address> found;
  for (const addrinfo* next = first; next != nullptr; next = next->ai_next) {
    Address& address = found.emplace_back();
    std::memcpy(&address.bytes, next->ai_addr, next->ai_addrlen);
    address.size = next->ai_addrlen;
  }
  return found;
}

void connect_to(zmq::socket_t& socket, const std::string& endpoint) {
  const std::vector<Address> addresses = addresses_of(endpoint);
  const auto answering = addresses.size() == 1
                             ? addresses.begin()
                             : std::find_if(addresses.begin(), addresses.end(), takes_connections);
  const Address& address = answering == addresses.end() ? addresses.front() : *answering;
  socket.set(zmq::sockopt::ipv6, address.bytes.ss_family == AF_INET6);
  socket.connect(address.endpoint());
}

}  // namespace wcam
