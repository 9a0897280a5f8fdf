// The commands that make a cluster: tram head, tram node, tram drain, tram nodes.
#include "actors/cluster/head_process.h"
#include "actors/commands/background.h"
#include "actors/commands/cluster_dashboard_process.h"
#include "actors/commands/cluster_words.h"
#include "actors/commands/commands.h"
#include "kernels/cuda/devices.h"
#include "kernels/ops.h"
#include "runtime/base/check.h"
#include "runtime/base/shown_text.h"
#include "runtime/cluster/node_process.h"
#include "runtime/cluster/resources.h"
#include "runtime/node/child.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration leave_patience = 60s;
constexpr const char* default_listen = "127.0.0.1:0";

const CliOption background_option{
    "background", "", "go on behind the shell, once it is up; end it with kill PID"};
const CliOption end_option{
    "end", "", "end the one that runs in this $TRAM_HOME, and wait for that"};
const CliOption listen_option{"listen", "HOST:PORT",
    "where to listen (default 127.0.0.1:0); port 0: one that is free, of a head the one that it "
    "had before"};
const CliOption advertise_option{
    "advertise", "HOST", "the name by which others reach this host, if it is another"};
const CliOption plain_option{
    "trusted-network", "", "connect to other machines in clear, and let them do so"};

TcpAddress listen_address(const CliArguments& arguments) {
  auto address = TcpAddress::parse(arguments.text("listen", default_listen));
  if (!address) throw UsageError(address.error().text);
  return *address;
}

Encryption encryption_of(const CliArguments& arguments) {
  Encryption setting = encryption_setting();
  if (!arguments.has("trusted-network")) return setting;
  if (setting == Encryption::always)
    throw UsageError(str("--trusted-network contradicts ", encryption_variable, "=always"));
  return Encryption::never;
}

std::string node_name() {
  utsname about{};
  ::uname(&about);
  return about.nodename;
}

std::uint8_t instruction_set() {
  std::string isa = kernels::isa();
  return isa == "avx512" ? 2 : isa == "avx2" ? 1 : 0;
}

// It names files as well.
std::string named_node(const CliArguments& arguments) {
  std::string name = arguments.text("name", node_name());
  auto fits = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  };
  if (name.empty() || name.size() > 64 || name[0] == '.' ||
      !std::all_of(name.begin(), name.end(), fits))
    throw UsageError(str("--name ", name,
        ": a node's name is 1 to 64 letters, digits, '-', '_' or '.', and begins with no dot"));
  return name;
}

std::map<std::string, std::string> labels_of(const CliArguments& arguments) {
  std::map<std::string, std::string> labels;
  for (const std::string& each : arguments.all("label")) {
    std::size_t equals = each.find('=');
    if (equals == 0 || equals == std::string::npos)
      throw UsageError(str("--label ", each, ": a label is key=value"));
    labels[each.substr(0, equals)] = each.substr(equals + 1);
  }
  return labels;
}

JoinCluster offer_of(const CliArguments& arguments) {
  Resources found = find_resources();
  JoinCluster offer{.name = named_node(arguments),
      .cpu_milli = found.cpu_milli,
      .memory = found.memory,
      .labels = labels_of(arguments),
      .instruction_set = instruction_set(),
      .host = host_name()};
  if (auto cards = kernels::cuda::find_devices()) offer.gpus = cards->size();
  if (arguments.has("cpus"))
    offer.cpu_milli = static_cast<std::int64_t>(arguments.number("cpus", 0, 0.001, 1e6) * 1000);
  if (arguments.has("gpus"))
    offer.gpus = static_cast<std::uint32_t>(arguments.whole("gpus", 0, 1024));
  if (arguments.has("memory")) {
    offer.memory = parse_bytes(arguments.text("memory", ""));
    if (offer.memory == 0)
      throw UsageError(str("--memory ", arguments.text("memory", ""), ": a size is like 8G"));
  }
  return offer;
}

// The process that the lock of that name tells of; nothing if nobody holds it.
std::optional<pid_t> holder_of(const std::string& home, const std::string& name) {
  try {
    HomeLock probe(home, name);
    return std::nullopt;
  } catch (const Error&) {
    std::ifstream file(str(home, "/", name, ".lock"));
    std::string word;
    pid_t pid = 0;
    return file >> word >> pid ? std::optional(pid) : std::nullopt;
  }
}

// Asks the holder of that lock to end.
int end_one(const std::string& home, const std::string& name) {
  auto holder = holder_of(home, name);
  if (!holder) throw Error(Errc::not_found, str("there is no ", name, " in ", home));
  if (::kill(*holder, SIGTERM) != 0)
    throw Error(Errc::io, str("process ", *holder, " cannot be ended: ", std::strerror(errno)));
  for (auto left = leave_patience * 2; left > 0s; left -= 20ms) {
    if (!holder_of(home, name)) return 0;
    std::this_thread::sleep_for(20ms);
  }
  throw Error(Errc::io, str("process ", *holder, " does not end"));
}

// Says that it is up, and waits until it is told to end.
void serve_until_ended(std::optional<Background>& background, const std::string& text) {
  if (background) background->ready(text);
  if (!background) std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
  wait_for_end_signal();
  let_end_signals_through();
}

int serve_node(const CliArguments& arguments) {
  std::string home = home_folder();
  if (arguments.has("end")) return end_one(home, "node-" + named_node(arguments));
  AccessToken token = cluster_token(arguments);
  std::string join = arguments.text("join", "");
  JoinCluster offer = offer_of(arguments);
  TcpAddress listen = listen_address(arguments);
  std::optional<Background> background;
  if (arguments.has("background")) background.emplace(str(home, "/node-", offer.name, ".out"));
  HomeLock lock(home, "node-" + offer.name);
  block_end_signals();
  NodeProcess node({.offer = offer,
      .listen = listen,
      .advertise = arguments.text("advertise", ""),
      .head = [join, home] { return join.empty() ? head_address(home) : join; },
      .token = token,
      .encryption = encryption_of(arguments),
      .home = home,
      .terminal = background ? Level::off : Level::info});
  std::string text = str("node ", offer.name, ": ", node.address(), ", process ", ::getpid(), "\n");
  serve_until_ended(background, text);
  node.stop(leave_patience);
  return 0;
}

// The node of the head's own host: it outlives the head, or is there already.
void start_own_node(const std::string& home) {
  if (holder_of(home, "node-" + node_name())) return;
  Child node = Child::start({.command = {"/proc/self/exe", "node", "--background"},
      .environment = {"TRAM_HOME=" + home}});
  auto end = node.wait(20s);
  if (!end || end->exit_code != 0)
    throw Error(Errc::io, str("the node of this host could not be started: it ",
                              end ? end->text() : "does not answer"));
}

void end_own_node(const std::string& home) {
  if (holder_of(home, "node-" + node_name())) end_one(home, "node-" + node_name());
}

int serve_head(const CliArguments& arguments) {
  std::string home = home_folder();
  if (arguments.has("end")) return end_one(home, "head");
  AccessToken token = cluster_token(arguments);
  TcpAddress listen = listen_address(arguments);
  std::optional<Background> background;
  if (arguments.has("background")) background.emplace(home + "/head.out");
  block_end_signals();
  HeadProcess head({.listen = listen,
      .advertise = arguments.text("advertise", ""),
      .token = token,
      .encryption = encryption_of(arguments),
      .home = home,
      .dashboard = arguments.has("no-dashboard")
                       ? std::vector<std::string>{}
                       : cluster_dashboard_command(home, cluster_token_file(arguments),
                             encryption_of(arguments) == Encryption::never),
      .terminal = background ? Level::off : Level::info});
  if (!arguments.has("no-node")) start_own_node(home);
  std::string text = str("head: ", head.address(), ", process ", ::getpid(), "\nhome: ", home,
      "\nanother machine joins by: tram node --join ", head.address(), " --token-file FILE\n",
      arguments.has("no-dashboard") ? "" : "a browser watches by the link of: tram dashboard\n");
  serve_until_ended(background, text);
  if (!arguments.has("no-node")) end_own_node(home);
  head.stop();
  return 0;
}

}  // namespace

CliCommand head_command() {
  return {.name = "head",
      .summary = "make this machine the head of a cluster",
      .details =
          "The head knows the cluster's nodes and jobs, decides where jobs run, and answers\n"
          "tram submit, jobs, nodes and their like. It starts a node on its own machine, which\n"
          "outlives it: a head that was killed and is started again finds its jobs where they "
          "are.\n"
          "SIGTERM or Ctrl-C ends both; jobs go on when they are back. Its port also has the\n"
          "cluster's page and API over HTTP, which a process of its own serves: see tram "
          "dashboard.\n\n"
          "  tram head --background\n"
          "  tram submit examples/arithmetic.yaml --wait\n\n"
          "What it keeps is in $TRAM_HOME (default ~/.local/state/tramontane): its store, logs,\n"
          "run directories, and `token`, which whoever wants in must have.",
      .positionals = {},
      .options = {listen_option, advertise_option, plain_option, token_option, background_option,
          end_option, {"no-node", "", "without a node of its own"},
          {"no-dashboard", "", "without HTTP on its port"}},
      .run = serve_head};
}

CliCommand node_command() {
  return {.name = "node",
      .summary = "offer this machine to a cluster",
      .details =
          "Runs what the cluster's head places here, and tells it how that ends. Processors,\n"
          "memory and GPUs are found (limits of control groups count), or as you say. Jobs go on\n"
          "while the head is away. SIGTERM ends it: drivers finish their step first.\n\n"
          "  tram node --join 10.0.0.1:7700 --token-file token --label zone=west\n\n"
          "Nodes see run directories, data and models under the same names as the head does.\n"
          "Between machines all is encrypted under the token (TLS 1.3); TRAM_ENCRYPT=always does\n"
          "so within one, too, as where a loopback address is a tunnel to elsewhere.",
      .positionals = {},
      .options = {{"join", "HOST:PORT", "the head (default: that of this machine's $TRAM_HOME)"},
          {"name", "NAME", "of this node (default: the host's name)"},
          {"cpus", "N", "processors to offer"}, {"memory", "SIZE", "memory to offer, like 8G"},
          {"gpus", "N", "GPUs to offer"},
          {"label", "KEY=VALUE", "what jobs may ask for; may be repeated"}, listen_option,
          advertise_option, plain_option, token_option, background_option, end_option},
      .run = serve_node};
}

}  // namespace tramontane
