#include "actors/messages/run_event.h"
#include "actors/report/page.h"
#include "actors/report/run_rollouts.h"
#include "actors/report/run_story.h"
#include "actors/view/fields.h"
#include "runtime/base/json_text.h"
#include "storage/file.h"

#include <boost/json/value.hpp>

#include <fstream>
#include <sstream>

namespace tramontane {

namespace {

constexpr std::size_t job_shown_bytes = 200'000;

// The file's text, at most so much of it; null if it is not there.
boost::json::value text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return nullptr;
  std::ostringstream out;
  out << in.rdbuf();
  std::string text = out.str();
  if (text.size() > job_shown_bytes) text = text.substr(0, job_shown_bytes) + "\n… (cut)";
  return boost::json::string(valid_utf8(text));
}

}  // namespace

std::string write_report(const std::string& run_folder) {
  RunStory story = read_story(run_folder);
  story.page["job"] = text_of(run_folder + "/job.yaml");
  story.page["rollouts"] = run_rollouts(run_folder, story.batches);
  std::string path = run_folder + "/report.html";
  std::string text = page(story.page);
  auto files = system_files();
  write_durably(*files, path, as_bytes(text));
  return path;
}

}  // namespace tramontane
