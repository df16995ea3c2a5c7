// Boost.Beast parses requests and writes answers, on one thread that never waits for a client. A connection
// has a time for each of its parts and a number of bytes; what goes beyond is closed.
#include "coordinator/serve/web.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <charconv>
#include <limits>
#include <mutex>
#include <thread>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/host.h"
#include "common/wire/address.h"
#include "coordinator/serve/page.h"

namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace net = boost::asio;
namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

namespace wcam {

namespace {

constexpr int kMostConnections = 40;
constexpr std::size_t kMostRequestBytes = 16'384;
constexpr seconds kRequestTime{5}, kAnswerTime{30}, kFarewellTime{1};
constexpr milliseconds kAcceptAgainAfter{100};
constexpr seconds kTurnTime{10};
constexpr std::size_t kFiguresShown = 24;

std::string host_of(const std::string& address) { return address.substr(0, address.rfind(':')); }
std::string port_of(const std::string& address) { return address.substr(address.rfind(':') + 1); }

using tcp = net::ip::tcp;
using Error = boost::system::error_code;
using Request = http::request<http::empty_body>;
using Response = http::response<http::string_body>;

// One request and its answer. Keeps itself alive until its end, which it reports.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, std::function<Response(const Request&)> answer, std::function<void()> ended)
      : stream_(std::move(socket)), answer_(std::move(answer)), ended_(std::move(ended)) {}

  void begin() {
    parser_.header_limit(kMostRequestBytes);
    parser_.body_limit(std::numeric_limits<std::uint64_t>::max());  // none is read
    stream_.expires_after(kRequestTime);
    http::async_read_header(stream_, buffer_, parser_,
                            [self = shared_from_this()](Error error, std::size_t) { self->answer(error); });
  }

 private:
  void answer(Error error) {
    if (error) return ended_();
    try {
      response_ = answer_(parser_.get());
    } catch (const std::exception& e) {  // of a file, or memory: the sweep goes on
      spdlog::warn("the page cannot answer: {}", e.what());
      return ended_();
    }
    response_.keep_alive(false);
    response_.prepare_payload();
    stream_.expires_after(kAnswerTime);
    const auto then = [self = shared_from_this()](Error failed, std::size_t) { self->say_farewell(failed); };
    if (parser_.get().method() == http::verb::head)
      http::async_write_header(stream_, serializer_, then);
    else
      http::async_write(stream_, serializer_, then);
  }

  // Takes what is still on its way first: closing with unread bytes would cut the answer off. The stream's
  // own timer would give way to a client that never pauses.
  void say_farewell(Error error) {
    if (error) return ended_();
    stream_.socket().shutdown(tcp::socket::shutdown_send, error);
    stream_.expires_after(kFarewellTime);
    farewell_ends_ = Clock::now() + kFarewellTime;
    buffer_.clear();
    take_the_rest();
  }

  void take_the_rest() {
    stream_.async_read_some(
        buffer_.prepare(kMostRequestBytes), [self = shared_from_this()](Error error, std::size_t) {
          error || Clock::now() >= self->farewell_ends_ ? self->ended_() : self->take_the_rest();
        });
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{kMostRequestBytes};
  http::request_parser<http::empty_body> parser_;
  Response response_;
  http::response_serializer<http::string_body> serializer_{response_};
  Clock::time_point farewell_ends_;
  const std::function<Response(const Request&)> answer_;
  const std::function<void()> ended_;
};

// The path that is asked for, "%41" being "A"; without "?...".
std::string path_of(const Request& request) {
  const std::string target(request.target());
  std::string path;
  for (std::size_t i = 0; i < target.size() && target[i] != '?'; ++i) {
    unsigned char code = 0;
    const char* const digits = target.data() + i + 1;
    const bool escaped = target[i] == '%' && i + 2 < target.size() &&
                         std::from_chars(digits, digits + 2, code, 16).ptr == digits + 2;
    path += escaped ? static_cast<char>(code) : target[i];
    if (escaped) i += 2;
  }
  return path;
}

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
    figures.push_back({name, std::chrono::duration_cast<milliseconds>(
                                 fs::file_time_type::clock::to_sys(time).time_since_epoch())
                                 .count()});
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

class Web::Server {
 public:
  Server(const WebOptions& options, const SweepDirectory& sweep)
      : host_(host_of(options.address)), figures_(sweep.figures()) {
    listen(options.address);
    accept();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~Server() {
    context_.stop();
    thread_.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const std::string& url() const { return url_; }

  void publish(PageData snapshot, Clock::time_point taken) {
    auto next = std::make_shared<const PageData>(std::move(snapshot));
    const std::lock_guard lock(mutex_);
    latest_.swap(next);
    taken_ = taken;
  }

 private:
  void listen(const std::string& address) try {
    const std::string host = is_any_address(host_)  ? (host_ == "[::]" ? "::" : "0.0.0.0")
                             : host_.front() == '[' ? host_.substr(1, host_.size() - 2)
                                                    : host_;
    const std::string port = port_of(address) == "*" ? "0" : port_of(address);
    const tcp::endpoint endpoint =
        *tcp::resolver(context_).resolve(host, port, tcp::resolver::passive).begin();
    acceptor_.open(endpoint.protocol());
    ::fcntl(acceptor_.native_handle(), F_SETFD, FD_CLOEXEC);
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen();
    url_ = "http://" + (is_any_address(host_) ? host_name() : host_) + ":" +
           std::to_string(acceptor_.local_endpoint().port()) + "/";
  } catch (const boost::system::system_error& e) {
    throw InputError("cannot listen on " + address + " (--http): " + e.code().message() +
                     ": choose another port, or *");
  }

  // Waits while there are too many connections: the kernel keeps the rest.
  void accept() {
    acceptor_.async_accept([this](Error error, tcp::socket socket) {
      if (error) return accept_later();  // out of file descriptors, say
      ++connections_;
      const auto connection = std::make_shared<Connection>(
          std::move(socket), [this](const Request& request) { return answer(request); }, [this] { ended(); });
      connection->begin();
      if (connections_ < kMostConnections) accept();
    });
  }
  void accept_later() {
    again_.expires_after(kAcceptAgainAfter);
    again_.async_wait([this](Error) { accept(); });
  }
  void ended() {
    if (connections_-- == kMostConnections) accept();
  }

  Response answer(const Request& request) const {
    const auto say = [](unsigned status, const char* type, std::string_view body) {
      Response response(http::int_to_status(status), 11, std::string(body));
      response.set(http::field::content_type, type);
      response.set("Content-Security-Policy",
                   "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                   "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
      response.set("X-Content-Type-Options", "nosniff");
      response.set("Referrer-Policy", "no-referrer");
      response.set(http::field::cache_control, "no-store");
      return response;
    };
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
      Response response = say(405, "text/plain", "this page is read-only: GET and HEAD\n");
      response.set(http::field::allow, "GET, HEAD");
      return response;
    }
    if (is_loopback(host_) && !is_loopback(host_asked(request)))
      return say(403, "text/plain",
                 "this page is served to this machine, under its loopback address, alone\n");
    const std::string path = path_of(request);
    if (path == "/") return say(200, "text/html; charset=utf-8", kPageHtml);
    if (path == "/page.css") return say(200, "text/css; charset=utf-8", kPageCss);
    if (path == "/page.js") return say(200, "text/javascript; charset=utf-8", kPageJs);
    if (path.rfind("/figures/", 0) == 0)
      if (const auto picture = figure(path.substr(9))) return say(200, "image/png", *picture);
    const auto [snapshot, age] = latest();
    const bool sound = snapshot && (age < kTurnTime || !snapshot->status.running);
    if (path == "/healthz")
      return sound ? say(200, "text/plain", "ok\n")
                   : say(503, "text/plain", snapshot ? "stuck\n" : "starting\n");
    if (path != "/status.json" && path != "/metrics") return say(404, "text/plain", "not found\n");
    if (!snapshot) return say(503, "application/json", "{\"state\": \"starting\"}\n");
    if (path == "/metrics")
      return say(200, "text/plain; version=0.0.4; charset=utf-8", metrics_text(*snapshot));
    std::vector<FigureFile> figures = figures_in(figures_);
    figures.resize(std::min(figures.size(), kFiguresShown));
    return say(200, "application/json", to_json_text(*snapshot, figures));
  }

  static std::string host_asked(const Request& request) {
    const std::string host(request[http::field::host]);
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
  net::io_context context_{1};
  tcp::acceptor acceptor_{context_};
  net::steady_timer again_{context_};
  int connections_ = 0;
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
