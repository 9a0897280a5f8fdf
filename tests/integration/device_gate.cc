// The learning gate with generators, evaluator and audit on a device whose memory nobody else
// reaches, the trainer on the CPU: it learns as ever, and log-probabilities agree bit for bit. What
// a card needs then is an engine, and nothing of the loop.
//
//   device_gate examples/gate.yaml
#include "actors/job/job.h"
#include "actors/run/run.h"
#include "storage/file.h"
#include "tests/support/fake_device.h"
#include "tests/support/temp_folder.h"

#include <boost/json/parse.hpp>

#include <cstdio>
#include <sstream>
#include <string>

using namespace tramontane;

namespace {

int failed(const std::string& why) {
  std::printf("FAILED: %s\n", why.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: device_gate examples/gate.yaml\n", stderr);
    return 2;
  }
  TempFolder folder;
  auto device = std::make_shared<FakeDevice>();
  Job job = load_job(argv[1], {"model.serving=bfloat16", "actors.generator.count=2"});
  job.generator.device = device;
  RunOptions options;
  options.folder = folder.path() + "/run";
  options.view = View::plain;
  if (int status = start_run(job, options); status != 0) return failed("it did not end well");

  std::istringstream metrics(
      std::string(as_text(system_files()->read(options.folder + "/metrics.jsonl"))));
  std::string last;
  std::uint64_t steps = 0;
  for (std::string line; std::getline(metrics, line); last = line) {
    auto event = boost::json::parse(line).as_object();
    if (event["event"] != "step" || event["kind"] != "reinforce") continue;
    ++steps;
    if (event["log_prob_gap_tokens"].to_number<std::uint64_t>() == 0)
      return failed("a step whose log-probabilities were not compared");
  }
  auto summary = boost::json::parse(last).as_object();
  auto figure = [&](const char* name) { return summary.at(name).to_number<double>(); };
  std::printf("held-out %.3f to %.3f in %llu steps; the device made %llu steps, %llu flips\n",
      figure("heldout_before"), figure("heldout_after"), static_cast<unsigned long long>(steps),
      static_cast<unsigned long long>(device->steps()),
      static_cast<unsigned long long>(device->flips()));
  if (figure("log_prob_gap_max") != 0) return failed("log-probabilities differ");
  if (figure("heldout_after") <= 0.45) return failed("it did not learn");
  if (device->prepared() < steps) return failed("versions that the device did not make ready");
  if (device->flips() < steps / 2) return failed("hardly a swap reached the device");
  return 0;
}
