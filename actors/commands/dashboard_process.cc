#include "actors/commands/dashboard_process.h"

#include "actors/run/dashboard_child.h"
#include "runtime/base/check.h"
#include "runtime/base/descriptor.h"
#include "runtime/base/home.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"
#include "runtime/base/shell.h"
#include "runtime/cli/cli.h"
#include "runtime/node/parent.h"

#include <boost/json/object.hpp>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <ctime>
#include <sys/resource.h>
#include <unistd.h>

#ifndef TRAM_VERSION
#define TRAM_VERSION "unknown"
#endif

namespace tramontane {
namespace {

constexpr rlim_t descriptors = 4096;
constexpr int niceness = 10;      // it watches: the job comes first
constexpr int seconds_after = 1;  // for who watches to see the run's end

void report(const Descriptor& to, const boost::json::object& what) {
  std::string line = json_text(what) + "\n";
  if (::write(to.get(), line.data(), line.size()) < 0) return;  // nobody listens any more
}

}  // namespace

void watch_quietly() {
  ::setpriority(PRIO_PROCESS, 0, niceness);
  // A connection is a descriptor, and most shells give fewer than the server would hold.
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, std::max<rlim_t>(limit.rlim_cur, descriptors));
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::string token_path() {
  return home_folder() + "/token";
}

std::string certificate_path(const std::string& home) {
  return home + "/dashboard.pem";
}

std::string curl_line(
    const std::string& http, const std::string& token_file, const HttpCertificate& certificate) {
  std::string known =
      http.starts_with("https:") ? str("-k --pinnedpubkey sha256//", certificate.pin, " ") : "";
  return str("curl ", known, "-H \"Authorization: Bearer $(cat ", shell_quoted(token_file), ")\" ",
      http, "/api/v1/jobs");
}

std::string fingerprint_line(const std::string& http, const HttpCertificate& certificate) {
  if (!http.starts_with("https:")) return "";
  return str("  its certificate is its own, SHA-256 ", certificate.fingerprint,
      "\n  (a browser asks whether to trust it: compare)\n");
}

ServedDashboard::ServedDashboard(
    const std::string& run_folder, const HttpAddress& address, bool trusted_network)
    : https_(!trusted_network && !is_loopback(address.host)),
      certificate_(https_ ? certificate_of(certificate_path(home_folder())) : HttpCertificate{}),
      log_(clock_, {.terminal = Level::warning}),
      guard_({.token = token_text(token_of(token_path())), .trusted_network = trusted_network},
          clock_),
      dashboard_({.run = run_folder, .version = TRAM_VERSION}, guard_, clock_),
      server_({.routes = dashboard_.routes(),
          .guard = &guard_,
          .clock = &clock_,
          .log = &log_,
          .certificate = certificate_.pem}),
      address_(server_.listen(address)) {}

std::string ServedDashboard::http() const {
  HttpAddress shown = address_;
  if (shown.host == "0.0.0.0") shown.host = "127.0.0.1";
  if (shown.host == "::") shown.host = "::1";
  return (https_ ? "https://" : "http://") + shown.text();
}

bool is_dashboard(int argc, char** argv) {
  return argc == 5 && std::strcmp(argv[1], dashboard_word) == 0;
}

int serve_dashboard(int, char** argv) {
  die_with_parent();
  std::signal(SIGPIPE, SIG_IGN);
  watch_quietly();
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // in every thread: sigwait() takes it
  Descriptor to(dashboard_report);
  try {
    bool trusted = std::strcmp(argv[4], dashboard_trusts) == 0;
    ServedDashboard served(argv[2], parse_http_address(argv[3]), trusted);
    report(to, {{"http", served.http()}, {"link", served.link()},
                   {"certificate", served.certificate().fingerprint}});
    to.close();
    int signal = 0;
    sigwait(&signals, &signal);
    timespec moment{seconds_after, 0};
    ::nanosleep(&moment, nullptr);
    return 0;
  } catch (const Error& error) {
    report(to, {{"error", error.text()}});
    return static_cast<int>(exit_status(error.errc()));
  }
}

}  // namespace tramontane
