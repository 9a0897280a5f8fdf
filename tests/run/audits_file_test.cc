#include "actors/run/audits_file.h"

#include "runtime/base/line_file.h"
#include "tests/support/temp_folder.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

RunEvent audit(int rollout) {
  return {{"event", "audit"}, {"rollout", rollout}, {"step", 3}};
}

std::string line_of(int rollout) {
  return "{\"event\":\"audit\",\"rollout\":" + std::to_string(rollout) + ",\"step\":3}\n";
}

}  // namespace

TEST_CASE("audits are kept a line each, and gone on with") {
  TempFolder folder;
  {
    AuditsFile audits(folder.path());
    audits.append(audit(10));
  }
  AuditsFile(folder.path()).append(audit(11));
  CHECK(content(folder.path() + "/audits.jsonl") == line_of(10) + line_of(11));
}

TEST_CASE("of very many audits the newest are kept, in two files") {
  TempFolder folder;
  std::string newest = folder.path() + "/audits.jsonl";
  std::string older = folder.path() + "/audits.old.jsonl";
  const std::uint64_t three = 3 * line_of(10).size();
  {
    AuditsFile audits(folder.path(), three);
    for (int rollout = 10; rollout < 18; ++rollout) audits.append(audit(rollout));
  }
  CHECK(content(older) == line_of(13) + line_of(14) + line_of(15));
  CHECK(content(newest) == line_of(16) + line_of(17));
  AuditsFile audits(folder.path(), three);  // knows how much there is already
  audits.append(audit(18));
  CHECK(content(newest) == line_of(16) + line_of(17) + line_of(18));
  audits.append(audit(19));
  CHECK(content(newest) == line_of(19));
  CHECK(content(older) == line_of(16) + line_of(17) + line_of(18));
}

TEST_CASE("where the older file cannot be replaced, the newest goes on from nothing") {
  TempFolder folder;
  std::filesystem::create_directory(folder.path() + "/audits.old.jsonl");
  AuditsFile audits(folder.path(), 2 * line_of(10).size());
  for (int rollout = 10; rollout < 13; ++rollout) audits.append(audit(rollout));
  CHECK(content(folder.path() + "/audits.jsonl") == line_of(12));
}
