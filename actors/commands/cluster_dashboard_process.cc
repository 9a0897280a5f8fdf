#include "actors/commands/cluster_dashboard_process.h"

#include "actors/cluster/client.h"
#include "actors/cluster/submission.h"
#include "actors/commands/dashboard_process.h"
#include "actors/dashboard/cluster_dashboard.h"
#include "actors/job/job.h"
#include "actors/view/fields.h"
#include "runtime/base/check.h"
#include "runtime/base/home.h"
#include "runtime/base/result.h"
#include "runtime/base/shown_text.h"
#include "runtime/cli/cli.h"
#include "runtime/cluster/serving_child.h"
#include "runtime/http/client.h"
#include "runtime/link/tcp_socket.h"
#include "runtime/node/parent.h"

#include <boost/json/parse.hpp>

#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>
#include <utility>

#ifndef TRAM_VERSION
#define TRAM_VERSION "unknown"
#endif

namespace tramontane {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr const char* word = "serve-cluster-dashboard";
constexpr const char* trusting = "trusted-network";
constexpr const char* encrypting = "encrypted";
constexpr Duration head_patience = 3s;  // a request has ten

// The connection to the head, made when it is needed and anew when it is lost.
class HeadConnection {
 public:
  HeadConnection(std::string address, const AccessToken& token)
      : address_(std::move(address)), token_(token) {}

  json::object ask(const std::string& what, const json::object& request) {
    if (!client_) client_.emplace(address_, token_, encryption_setting());
    try {
      return client_->ask(what, request, head_patience);
    } catch (const Error& error) {
      // What the head says no to is no loss of it.
      if (error.errc() != Errc::bad_input && error.errc() != Errc::not_found) client_.reset();
      throw;
    }
  }

 private:
  const std::string address_;
  const AccessToken token_;
  std::optional<HeadClient> client_;
};

json::object request_of(
    const Submission& submission, const std::string& home, const std::vector<RewardKind>& rewards) {
  const std::string& folder = submission.folder.empty() ? home : submission.folder;
  Job job =
      parse_job("the job graph", submission.graph, folder, submission.set, {.rewards = rewards});
  return submission_of(job, submission.priority);
}

// By which others reach the head, beside its addresses.
std::vector<std::string> names_of(const std::string& address) {
  auto parsed = TcpAddress::parse(address);
  return parsed ? std::vector<std::string>{parsed->host} : std::vector<std::string>{};
}

void serve(const std::string& home, const std::string& token_file, bool trusted_network,
    const std::string& address, const std::vector<RewardKind>& rewards) {
  Descriptor from(serving_child_socket);
  RealClock clock;
  Log log(clock, {.terminal = Level::warning});
  AccessToken token = token_of(token_file);
  HttpGuard guard({.token = token_text(token),
                      .names = names_of(address),
                      .trusted_network = trusted_network,
                      .sessions_file = home + "/dashboard.sessions"},
      clock);
  HeadConnection head(address, token);
  ClusterDashboard dashboard(
      {.home = home,
          .version = TRAM_VERSION,
          .ask = [&head](const std::string& what,
                     const json::object& request) { return head.ask(what, request); },
          .request_of =
              [&](const Submission& submission) { return request_of(submission, home, rewards); }},
      guard, clock);
  HttpServer server({.routes = dashboard.routes(),
      .guard = &guard,
      .clock = &clock,
      .log = &log,
      .certificate = certificate_of(certificate_path(home)).pem});
  // By the thread of the handlers: one that hangs is silent, whatever the other threads still do.
  auto pulse = [&] { server.post([&] { tell_serving(from); }); };
  while (auto connection = next_connection(from, pulse))
    server.serve(std::move(connection->socket), std::string(as_text(connection->first)));
}

}  // namespace

std::vector<std::string> cluster_dashboard_command(
    const std::string& home, const std::string& token_file, bool trusted_network) {
  return {"/proc/self/exe", word, home, token_file, trusted_network ? trusting : encrypting};
}

bool is_cluster_dashboard(int argc, char** argv) {
  return argc == 6 && std::strcmp(argv[1], word) == 0;
}

int serve_cluster_dashboard(int, char** argv, const std::vector<RewardKind>& rewards) {
  die_with_parent();
  std::signal(SIGPIPE, SIG_IGN);
  watch_quietly();
  try {
    serve(argv[2], argv[3], std::strcmp(argv[4], trusting) == 0, argv[5], rewards);
    return 0;
  } catch (const Error& error) {
    print_error("tram", error.text());
    return static_cast<int>(exit_status(error.errc()));
  }
}

std::string cluster_dashboard_link(
    const std::string& head, const std::string& token_file, const std::string& certificate) {
  HttpAnswer answer = ask_http({.address = head,
      .method = "POST",
      .target = "/api/v1/links",
      .bearer = token_text(token_of(token_file)),
      .certificate = certificate});
  json::error_code error;
  json::value value = json::parse(answer.body, error);
  std::string link = error || !value.is_object() ? "" : text(value.get_object(), "link");
  if (answer.status == 401)
    throw Error(Errc::refused, str("the head at ", head, " has another token than ", token_file));
  if (link.empty())
    throw Error(Errc::io, str("the head at ", head, " gives no link: status ", answer.status));
  return link;
}

}  // namespace tramontane
