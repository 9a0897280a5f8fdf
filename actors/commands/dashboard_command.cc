#include "actors/cluster/head_process.h"
#include "actors/commands/cluster_dashboard_process.h"
#include "actors/commands/commands.h"
#include "actors/commands/dashboard_process.h"
#include "runtime/base/check.h"
#include "runtime/base/home.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <boost/json/object.hpp>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>

namespace tramontane {
namespace {

// Of runs/ below the current folder, the run that began last.
std::string newest_run() {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path newest;
  fs::file_time_type began{};
  for (const auto& entry : fs::directory_iterator("runs", error))
    for (const char* file : {"job.yaml", "graph.yaml"}) {
      auto time = fs::last_write_time(entry.path() / file, error);
      if (error || (!newest.empty() && time <= began)) continue;
      newest = entry.path();
      began = time;
    }
  if (newest.empty())
    throw UsageError("there is no run in runs/ here: say which, tram dashboard RUN");
  return newest.string();
}

// Of the head of this machine, where there is one and it has a dashboard: its link is printed, and
// that is all; the head serves.
bool tell_of_cluster(const CliArguments& arguments) {
  std::string head = head_address(home_folder());
  if (head.empty()) return false;
  // Where it is not within this machine the token goes by https alone.
  bool https = !is_loopback(parse_http_address(head).host);
  HttpCertificate certificate;
  std::string link;
  try {
    if (https) certificate = certificate_of(certificate_path(home_folder()));
    link = cluster_dashboard_link(head, token_path(), certificate.pem);
  } catch (const Error& error) {
    if (error.errc() != Errc::io && error.errc() != Errc::timeout) throw;
    return false;  // it has ended, or serves none
  }
  std::string http = (https ? "https://" : "http://") + head;
  if (arguments.has("json")) {
    boost::json::object line{
        {"event", "dashboard"}, {"head", head}, {"http", http}, {"link", link}};
    if (https) line["certificate_sha256"] = certificate.fingerprint;
    std::printf("%s\n", json_text(line).c_str());
    return true;
  }
  std::printf(
      "the cluster whose head is %s\n\n  in a browser  %s  (once, within ten minutes)\n"
      "  in a shell    %s\n%s\n"
      "The head serves it. Of one run: tram dashboard RUN\n",
      head.c_str(), link.c_str(), curl_line(http, token_path(), certificate).c_str(),
      fingerprint_line(http, certificate).c_str());
  return true;
}

int dashboard(const CliArguments& arguments) {
  if (arguments.positionals() == 0 && !arguments.has("http") && tell_of_cluster(arguments))
    return 0;
  HttpAddress address;
  try {
    address = parse_http_address(arguments.text("http", "127.0.0.1:0"));
  } catch (const Error& error) {
    throw UsageError("--http: " + error.text());
  }
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // in every thread: sigwait() takes them
  ServedDashboard served(arguments.positionals() > 0 ? arguments.positional(0) : newest_run(),
      address, arguments.has("trusted-network"));
  if (arguments.has("json")) {
    boost::json::object line{{"event", "dashboard"}, {"run", served.run_folder()},
        {"http", served.http()}, {"link", served.link()}};
    if (!served.certificate().pem.empty())
      line["certificate_sha256"] = served.certificate().fingerprint;
    std::printf("%s\n", json_text(line).c_str());
  } else {
    std::printf(
        "%s\n\n  in a browser  %s  (once, within ten minutes)\n"
        "  in a shell    %s\n%s\n"
        "Ctrl-C ends it; a run goes on.\n",
        served.run_folder().c_str(), served.link().c_str(),
        curl_line(served.http(), token_path(), served.certificate()).c_str(),
        fingerprint_line(served.http(), served.certificate()).c_str());
  }
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  return 0;
}

}  // namespace

CliCommand dashboard_command() {
  return {.name = "dashboard",
      .summary =
          "watch a run or a cluster in a browser or with curl, while it goes on or after it ended",
      .details =
          "Serves a page and an API over a run's directory: what it does, what it waits for, what "
          "it\n"
          "has learnt, what died and why. It only reads, and is no part of the run. Without RUN\n"
          "and --http it is that of the cluster whose head runs on this machine, of all its "
          "nodes,\n"
          "jobs and runs: its link is printed, and the head serves. Where there is no head, it is\n"
          "the newest of runs/ here. Everything wants the token that lies in "
          "$TRAM_HOME/token\n"
          "(made on first use; without TRAM_HOME in ~/.local/state/tramontane), or the link that "
          "is\n"
          "printed, which works once. GET /api/v1/openapi.json describes the API.\n\n"
          "  tram dashboard runs/first\n"
          "  tram dashboard runs/first --http 127.0.0.1:8080\n\n"
          "Where others can reach it, it speaks https, under a certificate of its own\n"
          "($TRAM_HOME/dashboard.pem, made on first use): compare the SHA-256 that is printed\n"
          "with what your browser shows. --trusted-network: http there, too.",
      .positionals = {"[RUN]"},
      .options = {{"http", "HOST:PORT",
                      "where to listen (default 127.0.0.1:0: any port that is free)"},
          {"trusted-network", "", "where others can reach it, speak http, not https"},
          {"json", "", "print where it is as a JSON object"}},
      .run = dashboard};
}

}  // namespace tramontane
