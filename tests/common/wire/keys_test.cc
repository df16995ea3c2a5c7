#include "common/wire/keys.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <zmq.h>

#include <array>
#include <atomic>
#include <fstream>
#include <functional>
#include <thread>

#include "common/base/error.h"
#include "common/base/file.h"
#include "tests/temporary_folder.h"

namespace fs = std::filesystem;

namespace wcam {
namespace {

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777U;
}

std::string what_is_thrown(const std::function<void()>& act) {
  try {
    act();
  } catch (const InputError& e) {
    return e.what();
  }
  return "nothing";
}

// OpenSSL's opinion of the public key that belongs to a secret one.
std::string public_of(const std::string& secret) {
  std::array<std::uint8_t, 32> bytes{}, derived{};
  zmq_z85_decode(bytes.data(), secret.c_str());
  EVP_PKEY* key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, bytes.data(), bytes.size());
  std::size_t size = derived.size();
  EXPECT_EQ(EVP_PKEY_get_raw_public_key(key, derived.data(), &size), 1);
  EVP_PKEY_free(key);
  std::array<char, 41> text{};
  return zmq_z85_encode(text.data(), derived.data(), derived.size());
}

class Keys : public testing::Test {
 protected:
  void write(const fs::path& file, const std::string& text, fs::perms mode = fs::perms{0600}) {
    std::ofstream(file) << text;
    fs::permissions(file, mode);
  }

  const TemporaryFolder folder_;
  const SweepDirectory sweep_{folder_.path()};
  const fs::path worker_ = sweep_.worker_key("worker");
};

TEST_F(Keys, AreMadeOnceAndBelongTogether) {
  EXPECT_EQ(make_keys(sweep_, {"worker", "node-7"}),
            (std::vector<fs::path>{sweep_.coordinator_key(), worker_, sweep_.allowed_keys() / "worker.pub",
                                   sweep_.worker_key("node-7"), sweep_.allowed_keys() / "node-7.pub"}));
  const KeyPair coordinator = read_coordinator_key(sweep_.coordinator_key());
  const WorkerKey worker = read_worker_key(worker_), other = read_worker_key(sweep_.worker_key("node-7"));
  EXPECT_EQ(coordinator.public_key, public_of(coordinator.secret));
  EXPECT_EQ(worker.own.public_key, public_of(worker.own.secret));
  EXPECT_EQ(worker.coordinator, coordinator.public_key);
  EXPECT_EQ(read_public_key(sweep_.allowed_keys() / "worker.pub"), worker.own.public_key);
  EXPECT_NE(worker.own.secret, other.own.secret);
  EXPECT_TRUE(make_keys(sweep_, {"worker", "node-7"}).empty());
  EXPECT_EQ(read_worker_key(worker_).own.secret, worker.own.secret);
}

TEST_F(Keys, AreTheOwnersAloneWhateverTheUmask) {
  const mode_t before = ::umask(0);
  make_keys(sweep_, {"worker"});
  ::umask(before);
  EXPECT_EQ(mode_of(sweep_.keys()), 0700U);
  EXPECT_EQ(mode_of(sweep_.allowed_keys()), 0700U);
  EXPECT_EQ(mode_of(sweep_.coordinator_key()), 0600U);
  EXPECT_EQ(mode_of(worker_), 0600U);
}

TEST_F(Keys, OpenToOthersAreRefusedWithTheRemedy) {
  make_keys(sweep_, {"worker"});
  for (const auto mode : {0640, 0604, 0620, 0601, 0666}) {
    fs::permissions(worker_, fs::perms(mode));
    const std::string why = what_is_thrown([&] { read_worker_key(worker_); });
    EXPECT_NE(why.find("chmod 600 " + worker_.string()), std::string::npos) << why;
    fs::permissions(sweep_.coordinator_key(), fs::perms(mode));
    EXPECT_NE(what_is_thrown([&] { read_coordinator_key(sweep_.coordinator_key()); }).find("chmod 600"),
              std::string::npos);
  }
  fs::permissions(worker_, fs::perms{0400});
  EXPECT_NO_THROW(read_worker_key(worker_));
}

TEST_F(Keys, AFolderOthersCanWriteToIsRefused) {
  make_keys(sweep_, {"worker"});
  for (const fs::path& folder : {sweep_.keys(), sweep_.allowed_keys()}) {
    fs::permissions(folder, fs::perms{0720});
    EXPECT_NE(what_is_thrown([&] { make_keys(sweep_, {}); }).find("chmod 700 " + folder.string()),
              std::string::npos);
    fs::permissions(folder, fs::perms{0750});
    EXPECT_NO_THROW(make_keys(sweep_, {}));
  }
}

TEST_F(Keys, MalformedFilesAreRefusedInWords) {
  make_keys(sweep_, {"worker"});
  const std::string good = read_file(worker_);
  const std::string coordinator = read_coordinator_key(sweep_.coordinator_key()).public_key;
  const auto refused = [&](const std::string& text) {
    write(worker_, text);
    return what_is_thrown([&] { read_worker_key(worker_); });
  };
  const auto expect = [](const std::string& why, const std::string& part) {
    EXPECT_NE(why.find(part), std::string::npos) << why;
  };
  expect(refused(""), "it has no line coordinator-public");
  expect(refused("coordinator-public " + coordinator + "\n"), "it has no line worker-public");
  expect(refused("coordinator-public " + coordinator.substr(1) + "\n"), "line 1 has no key of 40 characters");
  expect(refused("coordinator-public ~" + coordinator.substr(1) + "\n"),
         "line 1 has no key of 40 characters");
  expect(refused("coordinator-public\n"), "line 1 has no key of 40 characters");
  expect(refused(good + "worker-public " + coordinator + "\n"), "line 5 says worker-public once more");
  expect(refused(good + "password x\n"), "line 5 says none of what belongs there");
  expect(refused(read_file(sweep_.coordinator_key())), "line 3 says none of what belongs there");
  expect(refused(std::string(5'000, '\n')), "too long");
  write(sweep_.worker_key("other"), "");
  fs::remove(sweep_.worker_key("other"));
  make_keys(sweep_, {"other"});
  const WorkerKey other = read_worker_key(sweep_.worker_key("other"));
  expect(refused("coordinator-public " + coordinator + "\nworker-public " + coordinator + "\nworker-secret " +
                 other.own.secret + "\n"),
         "do not belong together");
  for (std::size_t size = 0; size + 1 < good.size(); ++size)  // without the last newline it is whole
    EXPECT_NE(refused(good.substr(0, size)), "nothing") << size;
  fs::remove(worker_);
  expect(what_is_thrown([&] { read_worker_key(worker_); }), "No such file");
  expect(what_is_thrown([&] { read_worker_key(sweep_.keys()); }), "nor any file");
}

TEST_F(Keys, OneThatIsRevokedIsGoneAndMayBeMadeAgain) {
  make_keys(sweep_, {"worker", "other"});
  const std::string before = read_worker_key(worker_).own.public_key;
  revoke_key(sweep_, "worker");
  EXPECT_FALSE(fs::exists(worker_));
  EXPECT_FALSE(fs::exists(sweep_.allowed_keys() / "worker.pub"));
  EXPECT_TRUE(fs::exists(sweep_.worker_key("other")));
  EXPECT_NE(what_is_thrown([&] { revoke_key(sweep_, "worker"); }).find("no key 'worker'"), std::string::npos);
  make_keys(sweep_, {"worker"});
  EXPECT_NE(read_worker_key(worker_).own.public_key, before);
}

TEST_F(Keys, HalfAKeyIsLeftAsItIs) {
  make_keys(sweep_, {"worker", "other"});
  fs::remove(sweep_.allowed_keys() / "worker.pub");  // revoked by hand
  fs::remove(sweep_.worker_key("other"));            // taken to another host
  EXPECT_TRUE(make_keys(sweep_, {"worker", "other"}).empty());
}

TEST_F(Keys, WhatACrashLeftUnfinishedIsFinished) {
  make_keys(sweep_, {"worker"});
  const std::string key = read_worker_key(worker_).own.public_key;
  const fs::path unfinished = sweep_.keys() / ".worker.key.new",
                 admitted = sweep_.allowed_keys() / "worker.pub";
  fs::rename(worker_, unfinished);  // after NAME.pub
  make_keys(sweep_, {"worker"});
  EXPECT_EQ(read_worker_key(worker_).own.public_key, key);
  fs::rename(worker_, unfinished);  // before it
  fs::remove(admitted);
  make_keys(sweep_, {"worker"});
  EXPECT_EQ(read_worker_key(worker_).own.public_key, key);
  EXPECT_EQ(read_public_key(admitted), key);
  EXPECT_FALSE(fs::exists(unfinished));
}

TEST_F(Keys, ManyWhoMakeThemAtOnceAgree) {
  std::vector<std::thread> makers;
  std::atomic<std::size_t> made = 0;
  for (int i = 0; i < 8; ++i) makers.emplace_back([&] { made += make_keys(sweep_, {"worker"}).size(); });
  for (auto& maker : makers) maker.join();
  EXPECT_EQ(made, 3U);
  EXPECT_EQ(read_public_key(sweep_.allowed_keys() / "worker.pub"), read_worker_key(worker_).own.public_key);
}

TEST_F(Keys, NamesCannotLeaveTheFolder) {
  for (const std::string name : {"", "..", "../x", "a/b", "a.b", "coordinator", "a\nb"}) {
    EXPECT_THROW(make_keys(sweep_, {name}), UsageError) << name;
    EXPECT_THROW(revoke_key(sweep_, name), UsageError) << name;
  }
  EXPECT_THROW(check_key_name(std::string(65, 'a')), UsageError);
  EXPECT_FALSE(fs::exists(sweep_.keys())) << "refused before anything is made";
}

}  // namespace
}  // namespace wcam
