#include "common/wire/connect.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "common/wire/address.h"

namespace wcam {
namespace {

TEST(Endpoints, AreHostAndPortWithAnIpv6AddressInBrackets) {
  for (const char* good :
       {"tcp://10.0.0.5:5555", "tcp://node7:1", "tcp://[::1]:65535", "tcp://[fe80::1%ib0]:5555"}) {
    EXPECT_TRUE(is_endpoint(good)) << good;
    EXPECT_TRUE(is_bind(good)) << good;
  }
  for (const char* bad :
       {"", "tcp://", "node7:5555", "tcp://node7", "tcp://:5555", "tcp://node7:", "tcp://node7:65536",
        "tcp://node7:-1", "tcp://::1:5555", "tcp://fd00::5:5555", "ipc:///tmp/x", "tcp://node7:5x"}) {
    EXPECT_FALSE(is_endpoint(bad)) << bad;
    EXPECT_FALSE(is_bind(bad)) << bad;
  }
  for (const char* open : {"tcp://*:*", "tcp://ib0:*", "tcp://[::]:*"}) {
    EXPECT_FALSE(is_endpoint(open)) << open;
    EXPECT_TRUE(is_bind(open)) << open;
  }
}

TEST(Addresses, OfBothKindsAreWrittenAsTheyAreRead) {
  for (const char* endpoint : {"tcp://10.0.0.5:5555", "tcp://[fd00::5]:5555", "tcp://[::1]:1"}) {
    const auto found = addresses_of(endpoint);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.front().endpoint(), endpoint);
  }
  EXPECT_EQ(addresses_of("tcp://[::ffff:10.0.0.5]:5555").front().endpoint(), "tcp://10.0.0.5:5555");
}

TEST(Addresses, WhatIsNotFoundIsNamedWithItsRemedy) {
  const auto why = [](const std::string& endpoint) -> std::string {
    try {
      (void)addresses_of(endpoint);
    } catch (const InputError& e) {
      return e.what();
    }
    return "";
  };
  // A label is of 63 characters at most: nobody has to be asked.
  const std::string nowhere(64, 'n');
  EXPECT_EQ(why("tcp://" + nowhere + ":5555").find("cannot find host '" + nowhere + "' of tcp://"), 0U);
  EXPECT_NE(why("tcp://" + nowhere + ":5555").find("--bind 'tcp://IFACE:*'"), std::string::npos);
  EXPECT_EQ(why("garbage"), "'garbage' is not of the form tcp://HOST:PORT (an IPv6 address in brackets)");
}

}  // namespace
}  // namespace wcam
