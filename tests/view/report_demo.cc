// Writes the report of a made-up run, to look at it:  report_demo FOLDER [full|cut|empty]
// `cut` is a run that was interrupted half-way, `empty` one that has not said anything.

#include "actors/report/page.h"
#include "actors/report/rollout_sample.h"
#include "actors/report/run_story.h"
#include "actors/view/fields.h"
#include "tests/view/sample_run.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

using namespace tramontane;

int main(int argc, char** argv) {
  std::string folder = argc > 1 ? argv[1] : "report_demo_run";
  std::string which = argc > 2 ? argv[2] : "full";
  std::filesystem::create_directories(folder);
  std::filesystem::remove(folder + "/metrics.jsonl");
  auto metrics = metrics_file(folder);
  for (const auto& event : sample_run({})) {
    if (which == "empty") break;
    if (which == "cut" && number(event, "stage") == 2 && number(event, "step") > 77) break;
    metrics->event(event);
  }
  metrics->close();
  RunStory story = read_story(folder);
  SampleBounds bounds;
  auto rollouts = sample_rollouts(story.batches, sample_batch, bounds);
  story.page["rollouts"] = rollouts_page(rollouts, sample_token, bounds);
  story.page["job"] = "name: arithmetic\nseed: 0\nmodel:\n  preset: nano\n";
  std::string text = page(story.page);
  std::ofstream(folder + "/report.html", std::ios::binary) << text;
  std::printf("%s/report.html: %zu kB, %zu rollouts\n", folder.c_str(), text.size() / 1000,
      rollouts.size());
  return 0;
}
