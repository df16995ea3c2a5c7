// Addresses as --bind, --http and --coordinator name them.
#pragma once

#include <strings.h>

#include <algorithm>
#include <cctype>
#include <string>

namespace wcam {

// "tcp://127.0.0.1:5555" -> "127.0.0.1"
inline std::string host_of_endpoint(const std::string& endpoint) {
  const auto begin = endpoint.find("://") + 3;
  return endpoint.substr(begin, endpoint.rfind(':') - begin);
}

// "tcp://127.0.0.1:5555" -> "5555"
inline std::string port_of_endpoint(const std::string& endpoint) {
  return endpoint.substr(endpoint.rfind(':') + 1);
}

// Whether it is tcp://HOST:PORT, an IPv6 address in brackets.
inline bool is_endpoint(const std::string& text) {
  if (!text.starts_with("tcp://") || text.rfind(':') <= 6) return false;
  const std::string host = host_of_endpoint(text), port = port_of_endpoint(text);
  return std::all_of(port.begin(), port.end(), [](unsigned char c) { return std::isdigit(c) != 0; }) &&
         !port.empty() && port.size() <= 5 && std::stoi(port) <= 65'535 &&
         (host.find(':') == std::string::npos || (host.front() == '[' && host.back() == ']'));
}

// As --bind takes it: PORT may be *.
inline bool is_bind(const std::string& text) {
  return is_endpoint(text.ends_with(":*") ? text.substr(0, text.size() - 1) + "0" : text);
}

inline constexpr const char* kBindForm =
    " is not tcp://ADDRESS:PORT (PORT may be *, ADDRESS * or an interface, an IPv6 address is in brackets)";

// Whether only this machine can connect to the address. A name that merely begins like one
// ("127.example.org") is not.
inline bool is_loopback(const std::string& host) {
  const bool numbers = host.find_first_not_of("0123456789.") == std::string::npos;
  return ::strcasecmp(host.c_str(), "localhost") == 0 || host == "[::1]" || host == "lo" ||
         (numbers && host.rfind("127.", 0) == 0);
}

inline bool is_any_address(const std::string& host) {
  return host == "*" || host == "0.0.0.0" || host == "[::]";
}

}  // namespace wcam
