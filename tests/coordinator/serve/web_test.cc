#include "coordinator/serve/web.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "common/base/error.h"
#include "common/base/file.h"
#include "tests/temporary_folder.h"

namespace wcam {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

// A connection on which nothing is said, or too little.
class RawConnection {
 public:
  explicit RawConnection(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~RawConnection() { ::close(socket_); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  bool send(const std::string& text) const {
    return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  // All that comes until the other end closes.
  std::string rest() const {
    std::string text;
    std::array<char, 4096> part{};
    for (ssize_t got = 0; (got = ::recv(socket_, part.data(), part.size(), 0)) > 0;)
      text.append(part.data(), static_cast<std::size_t>(got));
    return text;
  }

 private:
  int socket_;
};

class WebTest : public testing::Test {
 protected:
  int port() const { return std::stoi(web_->url().substr(web_->url().rfind(':') + 1)); }
  httplib::Client client() const { return httplib::Client("127.0.0.1", port()); }
  void publish() {
    PageData snapshot;
    snapshot.status.sweep = "abc";
    web_->publish(std::move(snapshot), steady_clock::now());
  }

  TemporaryFolder folder_;
  const SweepDirectory sweep_{folder_.path()};
  std::optional<Web> web_{std::in_place, WebOptions{"127.0.0.1:*"}, sweep_};
};

TEST_F(WebTest, SaysThatItStartsThenServesWhatWasPublished) {
  httplib::Client browser = client();
  EXPECT_EQ(browser.Get("/")->status, 200);
  EXPECT_EQ(browser.Get("/healthz")->status, 503);
  EXPECT_EQ(browser.Get("/status.json")->status, 503);
  EXPECT_EQ(browser.Get("/metrics")->status, 503);
  publish();
  EXPECT_EQ(browser.Get("/healthz")->body, "ok\n");
  EXPECT_NE(browser.Get("/status.json")->body.find("\"sweep\": \"abc\""), std::string::npos);
  EXPECT_EQ(browser.Get("/metrics")->get_header_value("Content-Type"),
            "text/plain; version=0.0.4; charset=utf-8");
}

TEST_F(WebTest, ALoopThatDoesNotTurnIsNotHealthy) {
  PageData snapshot;
  snapshot.status.running = true;
  web_->publish(snapshot, steady_clock::now() - seconds{8});
  EXPECT_EQ(client().Get("/healthz")->status, 200);
  web_->publish(snapshot, steady_clock::now() - seconds{11});
  EXPECT_EQ(client().Get("/healthz")->status, 503);
  snapshot.status.running = false;  // it has ended, and the page stays
  web_->publish(snapshot, steady_clock::now() - seconds{11});
  EXPECT_EQ(client().Get("/healthz")->status, 200);
}

TEST_F(WebTest, EveryAnswerHasTheHeadersThatKeepBrowsersFromHarm) {
  for (const char* path : {"/", "/page.js", "/page.css", "/status.json", "/nothing"}) {
    const auto answer = client().Get(path);
    EXPECT_EQ(answer->get_header_value("Content-Security-Policy").rfind("default-src 'none'; ", 0), 0U);
    EXPECT_EQ(answer->get_header_value("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(answer->get_header_value("Cache-Control"), "no-store");
  }
}

TEST_F(WebTest, OnlyReads) {
  httplib::Client browser = client();
  for (const auto& answer :
       {browser.Post("/", "x", "text/plain"), browser.Put("/status.json", "x", "text/plain"),
        browser.Delete("/figures/a.png"), browser.Patch("/", "x", "text/plain"), browser.Options("/")}) {
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 405);
    EXPECT_EQ(answer->get_header_value("Allow"), "GET, HEAD");
  }
  const auto head = browser.Head("/");
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->body, "");
}

TEST_F(WebTest, FiguresAreServedByNameAndNothingElseIs) {
  make_directories(sweep_.figures() / "figure-5");
  write_file_atomically(sweep_.figures() / "figure-5" / "a b#.png", "picture");
  write_file_atomically(sweep_.figures() / "a.pdf", "not asked for");
  write_file_atomically(sweep_.plan(), "secret");
  std::filesystem::create_symlink(sweep_.plan(), sweep_.figures() / "link.png");
  publish();
  httplib::Client browser = client();
  browser.set_url_encode(false);
  const auto figure = browser.Get("/figures/figure-5/a%20b%23.png");
  EXPECT_EQ(figure->status, 200);
  EXPECT_EQ(figure->body, "picture");
  EXPECT_EQ(figure->get_header_value("Content-Type"), "image/png");
  for (const char* path :
       {"/figures/../plan.json", "/figures/%2e%2e/plan.json", "/figures/..%2fplan.json",
        "/figures//etc/passwd", "/figures/figure-5/../figure-5/a%20b%23.png", "/figures/a.pdf",
        "/figures/link.png", "/figures/", "/figures/figure-5", "/plan.json", "/figures/a%00b"})
    EXPECT_EQ(browser.Get(path)->status, 404) << path;
  const std::string status = browser.Get("/status.json")->body;
  EXPECT_NE(status.find("\"figure-5/a b#.png\""), std::string::npos) << status;
  EXPECT_EQ(status.find("link.png"), std::string::npos) << status;
}

TEST_F(WebTest, ANameThatPointsHereIsNotServed) {
  for (const char* host : {"wcam.example.org", "127.example.org", "10.0.0.1:8080", ""})
    EXPECT_EQ(client().Get("/status.json", {{"Host", host}})->status, 403) << host;
  for (const char* host : {"localhost", "LocalHost", "LOCALHOST:9999", "127.0.0.1", "[::1]:80"})
    EXPECT_EQ(client().Get("/", {{"Host", host}})->status, 200) << host;
}

TEST_F(WebTest, ARangeIsAnsweredWithTheWholeOnce) {
  const auto answer = client().Get("/page.js", {{"Range", "bytes=0-,0-,0-,0-"}});
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, client().Get("/page.js")->body);
}

TEST_F(WebTest, ARequestWithoutEndIsCutOff) {
  const RawConnection talker(port());
  talker.send("GET / HTTP/1.1\r\n");
  const std::string header = "X: " + std::string(1'000, 'x') + "\r\n";
  int sent = 0;
  while (sent < 10'000 && talker.send(header)) ++sent;
  EXPECT_LT(sent, 10'000);  // 16 kB, and what fits between us
}

TEST_F(WebTest, AClientThatNeverPausesIsCutOffAfterItsAnswer) {
  const RawConnection flood(port());
  ASSERT_TRUE(flood.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const std::string more(65'536, 'x');
  const auto begin = steady_clock::now();
  while (flood.send(more)) ASSERT_LT(steady_clock::now() - begin, seconds{20});
}

TEST_F(WebTest, AClientThatDribblesIsCutOffAndDoesNotKeepOthersFromThePage) {
  const auto begin = steady_clock::now();
  std::vector<std::unique_ptr<RawConnection>> dribblers;
  for (int i = 0; i < 8; ++i) dribblers.push_back(std::make_unique<RawConnection>(port()));
  std::atomic<bool> over{false};
  std::thread dribble([&] {
    while (!over) {
      for (const auto& dribbler : dribblers) dribbler->send("G");
      std::this_thread::sleep_for(std::chrono::milliseconds{200});
    }
  });
  httplib::Client browser = client();
  browser.set_read_timeout(20);
  const auto answer = browser.Get("/");
  over = true;
  dribble.join();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_LT(steady_clock::now() - begin, seconds{15});
}

TEST_F(WebTest, EndsAtOnceWhoeverHoldsAConnection) {
  // 40 being served, the rest in the kernel.
  std::vector<std::unique_ptr<RawConnection>> holders;
  for (int i = 0; i < 44; ++i) holders.push_back(std::make_unique<RawConnection>(port()));
  holders.front()->send("GET / HTTP/1.1\r\n");
  const auto begin = steady_clock::now();
  web_.reset();
  EXPECT_LT(steady_clock::now() - begin, seconds{2});
}

TEST_F(WebTest, APortInUseIsRefusedInWords) {
  const std::string address = "127.0.0.1:" + std::to_string(port());
  try {
    const Web second({address}, sweep_);
    FAIL() << "two pages at one port";
  } catch (const InputError& e) {
    EXPECT_EQ(std::string(e.what()),
              "cannot listen on " + address + " (--http): Address already in use: choose another port, or *");
  }
}

TEST(WebOptions, WhatIsWrongIsSaid) {
  struct Row {
    const char* address;
    bool insecure;
    const char* problem;  // its beginning; "" when usable
  };
  const Row table[] = {
      {"127.0.0.1:8080", false, ""},
      {"127.0.0.1:0", false, ""},
      {"localhost:*", false, ""},
      {"[::1]:80", false, ""},
      {"0.0.0.0:80", true, ""},
      {"*:80", true, ""},
      {"0.0.0.0:80", false, "--http 0.0.0.0:80 would let other hosts read the page"},
      {"*:80", false, "--http *:80 would let other hosts read the page"},
      {"127.example.org:80", false, "--http 127.example.org:80 would let other hosts read the page"},
      {"8080", false, "--http '8080' is not ADDRESS:PORT"},
      {":8080", false, "--http ':8080' is not ADDRESS:PORT"},
      {"127.0.0.1:", false, "--http '127.0.0.1:' is not ADDRESS:PORT"},
      {"127.0.0.1:65536", false, "--http '127.0.0.1:65536' is not ADDRESS:PORT"},
      {"127.0.0.1:http", false, "--http '127.0.0.1:http' is not ADDRESS:PORT"},
      {"", true, "--http '' is not ADDRESS:PORT"},
  };
  for (const Row& row : table) {
    const std::string problem = WebOptions{row.address, row.insecure}.problem().value_or("");
    EXPECT_EQ(problem.substr(0, std::string(row.problem).size()), row.problem) << row.address;
    EXPECT_EQ(problem.empty(), std::string(row.problem).empty()) << row.address << ": " << problem;
  }
}

}  // namespace
}  // namespace wcam
