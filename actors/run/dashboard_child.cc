#include "actors/run/dashboard_child.h"

#include "actors/view/fields.h"
#include "runtime/base/check.h"
#include "runtime/base/descriptor.h"
#include "runtime/base/result.h"

#include <boost/json/parse.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr auto start_patience = 10s;
constexpr Duration end_patience = 3s;
constexpr std::size_t report_bytes = 64 << 10;

std::pair<Descriptor, Descriptor> new_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw Error(Errc::io, str("pipe: ", std::strerror(errno)));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

// Until its end, or its line end.
std::string read_report(const Descriptor& from) {
  std::string all;
  auto until = std::chrono::steady_clock::now() + start_patience;
  while (all.find('\n') == std::string::npos && all.size() < report_bytes) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    pollfd ready{from.get(), POLLIN, 0};
    if (left <= 0ms || ::poll(&ready, 1, static_cast<int>(left.count())) == 0)
      throw Error(Errc::timeout, "the dashboard does not come up");
    char part[4096];
    ssize_t got = ::read(from.get(), part, sizeof part);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    all.append(part, static_cast<std::size_t>(got));
  }
  return all;
}

Child start(const std::string& folder, const std::string& address, bool trusted_network,
    const Descriptor& report) {
  const char* network = trusted_network ? dashboard_trusts : "";
  return Child::start({.command = {"/proc/self/exe", dashboard_word, folder, address, network},
      .descriptors = {{report.get(), dashboard_report}},
      .output = folder + "/dashboard.log",
      .keep = {"XDG_STATE_HOME"}});
}

}  // namespace

DashboardChild::DashboardChild(
    const std::string& run_folder, const std::string& address, bool trusted_network)
    : child_([&] {
        auto [ours, theirs] = new_pipe();
        Child child = start(run_folder, address, trusted_network, theirs);
        theirs.close();
        std::string line = read_report(ours);
        boost::system::error_code error;
        auto value = boost::json::parse(line, error);
        const auto* report = error ? nullptr : value.if_object();
        if (report == nullptr) throw Error(Errc::failed, "the dashboard has ended at once");
        if (report->contains("error")) throw Error(Errc::io, text(*report, "error"));
        http_ = text(*report, "http");
        link_ = text(*report, "link");
        certificate_ = text(*report, "certificate");
        return child;
      }()) {}

void DashboardChild::end() {
  child_.kill(SIGTERM);
  child_.wait(end_patience);
}

}  // namespace tramontane
