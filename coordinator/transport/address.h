// Hosts as --bind and --http name them.
#pragma once

#include <string>

namespace wcam {

// "tcp://127.0.0.1:5555" -> "127.0.0.1"
inline std::string host_of_endpoint(const std::string& endpoint) {
  const auto begin = endpoint.find("://") + 3;
  return endpoint.substr(begin, endpoint.rfind(':') - begin);
}

// Whether only this machine can connect to the address. A name that merely begins like one
// ("127.example.org") is not.
inline bool is_loopback(const std::string& host) {
  const bool numbers = host.find_first_not_of("0123456789.") == std::string::npos;
  return host == "localhost" || host == "[::1]" || host == "lo" || (numbers && host.rfind("127.", 0) == 0);
}

inline bool is_any_address(const std::string& host) {
  return host == "*" || host == "0.0.0.0" || host == "[::]";
}

}  // namespace wcam
