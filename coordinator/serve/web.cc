// cpp-httplib 0.11 parses requests and writes answers; what it leaves open is bounded here. By itself it sets
// SO_REUSEPORT (two coordinators would share a port), gives a client that sends a byte now and then all the
// time in the world, reads a line or a list of headers of any length, queues connections without bound,
// builds as many copies of an answer as a Range header asks for, and waits for idle connections when it is
// stopped.
#include "coordinator/serve/web.h"

#include <httplib.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <semaphore>
#include <thread>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/host.h"
#include "coordinator/serve/page.h"
#include "coordinator/transport/address.h"

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

namespace wcam {

namespace {

constexpr std::size_t kThreads = 8;
constexpr std::ptrdiff_t kMostConnections = 40;  // being served or waiting for a thread
constexpr std::size_t kMostRequestBytes = 16'384;
constexpr seconds kRequestTime{5}, kAnswerTime{30}, kFarewellTime{1};
constexpr seconds kTurnTime{10};
constexpr std::size_t kFiguresShown = 24;

std::string host_of(const std::string& address) { return address.substr(0, address.rfind(':')); }
std::string port_of(const std::string& address) { return address.substr(address.rfind(':') + 1); }

// One request and its answer. Closes the socket.
class Connection : public httplib::Stream {
 public:
  // `end` becomes readable when everything must end.
  Connection(int socket, int end) : socket_(socket), end_(end) {}
  // Taking what is still on its way first: closing with unread bytes would cut the answer off.
  ~Connection() override {
    ::shutdown(socket_, SHUT_WR);
    deadline_ = std::min(deadline_, Clock::now() + kFarewellTime);
    std::array<char, 1024> rest{};
    while (read(rest.data(), rest.size()) > 0) {
    }
    ::close(socket_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void request_is_read() { deadline_ = Clock::now() + kAnswerTime; }

  bool is_readable() const override { return begin_ < filled_ || wait_for(POLLIN); }
  bool is_writable() const override { return wait_for(POLLOUT); }
  ssize_t read(char* bytes, size_t size) override {
    if (begin_ == filled_ && !fill()) return -1;
    size = std::min(size, filled_ - begin_);
    std::memcpy(bytes, buffer_.data() + begin_, size);
    begin_ += size;
    return static_cast<ssize_t>(size);
  }
  ssize_t write(const char* bytes, size_t size) override {
    return wait_for(POLLOUT) ? ::send(socket_, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) : -1;
  }
  void get_remote_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}  // nobody asks
  void get_local_ip_and_port(std::string& /*ip*/, int& /*port*/) const override {}
  socket_t socket() const override { return socket_; }

 private:
  bool fill() {
    const std::size_t room = std::min(buffer_.size(), kMostRequestBytes - received_);
    if (room == 0 || !wait_for(POLLIN)) return false;
    const ssize_t got = ::recv(socket_, buffer_.data(), room, MSG_DONTWAIT);
    if (got <= 0) return false;
    begin_ = 0;
    filled_ = static_cast<std::size_t>(got);
    received_ += filled_;
    return true;
  }
  bool wait_for(short what) const {
    const auto left = std::chrono::ceil<milliseconds>(deadline_ - Clock::now());
    if (left.count() <= 0) return false;
    std::array<pollfd, 2> waiting{{{socket_, what, 0}, {end_, POLLIN, 0}}};
    return ::poll(waiting.data(), waiting.size(), static_cast<int>(left.count())) > 0 &&
           waiting[1].revents == 0;
  }

  const int socket_, end_;
  Clock::time_point deadline_ = Clock::now() + kRequestTime;
  std::array<char, 4096> buffer_{};
  std::size_t begin_ = 0, filled_ = 0, received_ = 0;
};

// Accepting waits while there are too many connections: the kernel keeps the rest.
class BoundedPool : public httplib::TaskQueue {
 public:
  void enqueue(std::function<void()> task) override {
    room_.acquire();
    pool_.enqueue([this, task = std::move(task)] {
      task();
      room_.release();
    });
  }
  void shutdown() override { pool_.shutdown(); }

 private:
  std::counting_semaphore<kMostConnections> room_{kMostConnections};
  httplib::ThreadPool pool_{kThreads};
};

// The pictures in the folder and in its folders, latest first. Links are not followed.
std::vector<FigureFile> figures_in(const fs::path& folder) {
  std::vector<std::pair<fs::file_time_type, std::string>> found;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;
    if (entry->path().extension() != ".png" || !fs::is_regular_file(entry->symlink_status(gone))) continue;
    const fs::file_time_type time = entry->last_write_time(gone);
    if (!gone) found.emplace_back(time, entry->path().lexically_relative(folder).generic_string());
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::vector<FigureFile> figures;
  for (const auto& [time, name] : found)
    figures.push_back({name, std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count()});
  return figures;
}

}  // namespace

std::optional<std::string> WebOptions::problem() const {
  const auto colon = address.rfind(':');
  const std::string port = port_of(address);
  const bool number = !port.empty() && port.size() <= 5 &&
                      port.find_first_not_of("0123456789") == std::string::npos && std::stoi(port) <= 65'535;
  if (colon == std::string::npos || colon == 0 || (!number && port != "*"))
    return "--http '" + address + "' is not ADDRESS:PORT, e.g. 127.0.0.1:8080 (PORT may be *)";
  if (!is_loopback(host_of(address)) && !insecure)
    return "--http " + address +
           " would let other hosts read the page, unencrypted: use 127.0.0.1 (from elsewhere through `ssh "
           "-L`),"
           " or say --http-insecure on a network you trust";
  return std::nullopt;
}

class Web::Server : public httplib::Server {
 public:
  Server(const WebOptions& options, const SweepDirectory& sweep)
      : host_(host_of(options.address)), figures_(sweep.figures()) {
    new_task_queue = [] { return new BoundedPool; };
    set_socket_options([](socket_t socket) {
      const int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    set_default_headers({{"Content-Security-Policy",
                          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                          "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
                         {"X-Content-Type-Options", "nosniff"},
                         {"Referrer-Policy", "no-referrer"},
                         {"Cache-Control", "no-store"}});
    // In place of routes, whose regular expressions recurse over what a stranger sends.
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      answer(request, response);
      return HandlerResponse::Handled;
    });
    bind(options.address);
    end_ = ::eventfd(0, EFD_CLOEXEC);
    thread_ = std::thread([this] { listen_after_bind(); });
    while (!is_running()) std::this_thread::yield();
  }
  ~Server() override {
    ::eventfd_write(end_, 1);
    stop();
    thread_.join();
    ::close(end_);
  }

  const std::string& url() const { return url_; }

  void publish(PageData snapshot, Clock::time_point taken) {
    auto next = std::make_shared<const PageData>(std::move(snapshot));
    const std::lock_guard lock(mutex_);
    latest_.swap(next);
    taken_ = taken;
  }

 private:
  void bind(const std::string& address) {
    const std::string host = is_any_address(host_)  ? (host_ == "[::]" ? "::" : "0.0.0.0")
                             : host_.front() == '[' ? host_.substr(1, host_.size() - 2)
                                                    : host_;
    int port = port_of(address) == "*" ? 0 : std::stoi(port_of(address));
    errno = 0;
    if (port == 0)
      port = bind_to_any_port(host);
    else if (!bind_to_port(host, port))
      port = -1;
    if (port < 0)
      throw InputError("cannot listen on " + address +
                       " (--http): " + (errno != 0 ? std::strerror(errno) : "no such address") +
                       ": choose another port, or *");
    url_ = "http://" + (is_any_address(host_) ? host_name() : host_) + ":" + std::to_string(port) + "/";
  }

  bool process_and_close_socket(socket_t socket) override {
    Connection connection(socket, end_);
    bool closed = false;
    return process_request(connection, true, closed, [&connection](httplib::Request& request) {
      connection.request_is_read();
      request.ranges.clear();
    });
  }

  void answer(const httplib::Request& request, httplib::Response& response) const {
    const auto say = [&response](int status, const std::string& type, std::string_view body) {
      response.status = status;
      response.set_content(body.data(), body.size(), type);
    };
    const std::string& path = request.path;
    if (request.method != "GET" && request.method != "HEAD") {
      response.set_header("Allow", "GET, HEAD");
      return say(405, "text/plain", "this page is read-only: GET and HEAD\n");
    }
    if (is_loopback(host_) && !is_loopback(host_asked(request)))
      return say(403, "text/plain",
                 "this page is served to this machine, under its loopback address, alone\n");
    if (path == "/") return say(200, "text/html; charset=utf-8", kPageHtml);
    if (path == "/page.css") return say(200, "text/css; charset=utf-8", kPageCss);
    if (path == "/page.js") return say(200, "text/javascript; charset=utf-8", kPageJs);
    if (path.rfind("/figures/", 0) == 0)
      if (const auto picture = figure(path.substr(9))) return say(200, "image/png", *picture);
    const auto [snapshot, age] = latest();
    if (path == "/healthz")
      return snapshot && age < kTurnTime ? say(200, "text/plain", "ok\n")
                                         : say(503, "text/plain", snapshot ? "stuck\n" : "starting\n");
    if (path != "/status.json" && path != "/metrics") return say(404, "text/plain", "not found\n");
    if (!snapshot) return say(503, "application/json", "{\"state\": \"starting\"}\n");
    if (path == "/metrics")
      return say(200, "text/plain; version=0.0.4; charset=utf-8", metrics_text(*snapshot));
    std::vector<FigureFile> figures = figures_in(figures_);
    figures.resize(std::min(figures.size(), kFiguresShown));
    say(200, "application/json", to_json_text(*snapshot, figures));
  }

  static std::string host_asked(const httplib::Request& request) {
    const std::string host = request.get_header_value("Host");
    const auto colon = host.rfind(':');
    const bool port = colon != std::string::npos && host.find(']', colon) == std::string::npos;
    return port ? host.substr(0, colon) : host;
  }

  // The name must be one of those that are there: no path is made of it otherwise.
  std::optional<std::string> figure(const std::string& name) const try {
    const auto all = figures_in(figures_);
    if (std::none_of(all.begin(), all.end(), [&](const FigureFile& file) { return file.name == name; }))
      return std::nullopt;
    return read_file(figures_ / name);
  } catch (const InputError&) {  // gone meanwhile
    return std::nullopt;
  }

  std::pair<std::shared_ptr<const PageData>, Clock::duration> latest() const {
    const std::lock_guard lock(mutex_);
    return {latest_, Clock::now() - taken_};
  }

  const std::string host_;
  const fs::path figures_;
  int end_ = -1;  // readable when connections must end
  std::string url_;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::shared_ptr<const PageData> latest_;  // under mutex_, like
  Clock::time_point taken_;
};

Web::Web(const WebOptions& options, const SweepDirectory& sweep)
    : server_(std::make_unique<Server>(options, sweep)) {}

Web::~Web() = default;

const std::string& Web::url() const { return server_->url(); }

void Web::publish(PageData snapshot, Clock::time_point taken) {
  server_->publish(std::move(snapshot), taken);
}

}  // namespace wcam
