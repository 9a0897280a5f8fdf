// HTTPS: the certificate, the port that it shares with HTTP, and what becomes of a client that
// misbehaves within TLS.
#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/base/result.h"
#include "runtime/base/socket_message.h"
#include "runtime/http/certificate.h"
#include "runtime/http/client.h"
#include "runtime/http/guard.h"
#include "runtime/http/server.h"
#include "tests/support/temp_folder.h"

#include <arpa/inet.h>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>

#include "tests/support/test.h"

using namespace tramontane;
using namespace std::chrono_literals;

namespace {

const std::string token(64, 'a');

struct Site {
  explicit Site(HttpLimits limits = {})
      : own(certificate_of(folder.path() + "/own.pem")),
        guard({.token = token}, clock),
        log(clock, {.terminal = Level::off, .path = folder.path() + "/log"}),
        server({.routes = {{"GET", "/origin",
                               [](const HttpRequest& request) {
                                 return HttpResponse{.body = request.origin()};
                               }},
                    {"GET", "/large",
                        [](const HttpRequest&) {
                          return HttpResponse{.body = std::string(4 << 20, 'x')};
                        }},
                    {"POST", "/echo",
                        [](const HttpRequest& request) {
                          return HttpResponse{.body = request.body};
                        }}},
            .guard = &guard,
            .clock = &clock,
            .log = &log,
            .certificate = own.pem,
            .limits = limits}),
        address(server.listen({"127.0.0.1", 0})) {}

  HttpAnswer ask(HttpQuestion question) {
    question.address = address.text();
    question.bearer = token;
    return ask_http(question);
  }

  Descriptor connected() {
    Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(address.port);
    ::inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    REQUIRE(::connect(socket.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
    return socket;
  }

  std::string logged() {
    std::ifstream file(folder.path() + "/log");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  bool comes_to_log(const std::string& text) {
    for (int i = 0; i < 3000; ++i) {
      if (logged().find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  TempFolder folder;
  RealClock clock;
  HttpCertificate own;
  HttpGuard guard;
  Log log;
  HttpServer server;
  HttpAddress address;
};

Errc error_of(const std::string& path) {
  try {
    certificate_of(path);
    return Errc::failed;
  } catch (const Error& error) {
    return error.errc();
  }
}

}  // namespace

TEST_CASE("a certificate is made once, for its owner's eyes") {
  TempFolder folder;
  std::string path = folder.path() + "/dashboard.pem";
  HttpCertificate made = certificate_of(path);
  HttpCertificate again = certificate_of(path);
  CHECK(again.pem == made.pem);
  CHECK(again.fingerprint == made.fingerprint);
  CHECK(made.fingerprint.size() == 32 * 3 - 1);
  CHECK(made.pin.size() == 44);
  auto rights = std::filesystem::status(path).permissions();
  CHECK(rights == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  CHECK(certificate_of(folder.path() + "/other.pem").fingerprint != made.fingerprint);
  std::filesystem::permissions(
      path, std::filesystem::perms::others_read, std::filesystem::perm_options::add);
  CHECK(error_of(path) == Errc::bad_input);
  std::filesystem::permissions(path, rights);
  std::ofstream(path) << "nonsense";
  CHECK(error_of(path) == Errc::bad_input);
  CHECK(error_of(folder.path() + "/no/such/folder.pem") == Errc::io);
}

TEST_CASE("one port speaks HTTPS and HTTP, and knows which") {
  Site site;
  CHECK(site.ask({.target = "/origin"}).body == "http://" + site.address.text());
  CHECK(site.ask({.target = "/origin", .certificate = site.own.pem}).body ==
        "https://" + site.address.text());
  auto large = site.ask({.target = "/large", .certificate = site.own.pem});
  CHECK(large.body == std::string(4 << 20, 'x'));
  std::string body(300000, 'b');
  auto echo =
      site.ask({.method = "POST", .target = "/echo", .certificate = site.own.pem, .body = body});
  CHECK(echo.body == body);
}

TEST_CASE("who has another certificate is not believed") {
  Site site;
  HttpCertificate other = certificate_of(site.folder.path() + "/other.pem");
  CHECK_THROWS_AS(site.ask({.target = "/origin", .certificate = other.pem}), Error);
  CHECK(site.comes_to_log("its TLS failed"));
  CHECK(site.logged().find(token) == std::string::npos);
}

TEST_CASE("who does not finish TLS's handshake is dropped") {
  Site site({.receive = 100ms});
  Descriptor half = site.connected();
  CHECK(::send(half.get(), "\x16\x03\x01", 3, MSG_NOSIGNAL) == 3);
  CHECK(site.comes_to_log("its TLS came too slowly"));
  Descriptor nonsense = site.connected();
  std::string bytes = "\x16" + std::string(5000, 'n');
  CHECK(::send(nonsense.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0);
  CHECK(site.comes_to_log("its TLS failed"));
  CHECK(site.ask({.target = "/origin", .certificate = site.own.pem}).status == 200);
}

TEST_CASE("beyond this machine nothing is answered in clear, unless the network is trusted") {
  RealClock clock;
  HttpGuard guard({.token = token}, clock);
  HttpGuard trusting({.token = token, .trusted_network = true}, clock);
  RequestHead head;
  head.method = "GET";
  head.target = "/";
  head.host = "10.0.0.7:80";
  head.authorization = "Bearer " + token;
  auto refusal = guard.check(head, "10.0.0.7", HttpAccess::token);
  REQUIRE(refusal);
  CHECK(refusal->status == 403);
  CHECK(refusal->text.find("https") != std::string::npos);
  CHECK(guard.check(head, "10.0.0.7", HttpAccess::open));
  CHECK(!trusting.check(head, "10.0.0.7", HttpAccess::token));
  head.encrypted = true;
  CHECK(!guard.check(head, "10.0.0.7", HttpAccess::token));
  head.encrypted = false;
  head.host = "127.0.0.1:80";
  CHECK(!guard.check(head, "127.0.0.1", HttpAccess::token));
  std::string link = guard.new_link();
  auto cookie = guard.log_in(link.substr(link.find('=') + 1), true);
  REQUIRE(cookie);
  CHECK(cookie->ends_with("; Secure"));
}
