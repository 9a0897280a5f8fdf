#include "actors/dashboard/run_ledger.h"

#include "actors/job/job.h"
#include "actors/ledger/ledger.h"
#include "actors/model/tokenizer/tokenizer.h"
#include "actors/report/run_tokenizer.h"
#include "runtime/base/result.h"
#include "storage/file.h"

#include <chrono>
#include <optional>
#include <utility>

namespace tramontane {
namespace {

using namespace std::chrono_literals;

constexpr Duration read_again = 2s;

}  // namespace

struct RunLedger::Texts {
  std::shared_ptr<Tokenizer> tokenizer;
  Time looked{};
  std::optional<Job> job;
  bool job_tried = false;
};

RunLedger::RunLedger(std::string run_folder, const Clock& clock)
    : folder_(std::move(run_folder)), clock_(clock), texts_(std::make_unique<Texts>()) {}

RunLedger::~RunLedger() = default;

void RunLedger::live(bool live) {
  if (live != live_) opened_ = {};  // once more after its end
  live_ = live;
}

const LedgerReader* RunLedger::reader() {
  Time now = clock_.now();
  bool fresh = opened_ != Time{} && (now - opened_ < read_again || (!live_ && reader_));
  if (fresh) return reader_.get();
  opened_ = now;
  if (!system_files()->exists(folder_ + "/ledger")) {
    reader_.reset();
    problem_ = "the run has no ledger (yet)";
    return nullptr;
  }
  try {
    reader_ = std::make_unique<LedgerReader>(folder_ + "/ledger");
    problem_.clear();
  } catch (const Error& error) {
    // The writer may just have moved what was being opened; what was read before is still right.
    problem_ = error.text();
    if (!live_) reader_.reset();
  }
  return reader_.get();
}

bool RunLedger::find_texts() {
  Time now = clock_.now();
  bool again = texts_->looked == Time{} || now - texts_->looked >= read_again;
  if (!texts_->tokenizer && again) {
    texts_->looked = now;
    texts_->tokenizer = find_tokenizer(folder_);
  }
  return texts_->tokenizer != nullptr;
}

std::vector<std::string> RunLedger::texts(const std::vector<std::int32_t>& tokens) {
  std::vector<std::string> out;
  if (!find_texts()) return out;
  for (Token token : tokens) out.push_back(texts_->tokenizer->decode_behind({token}));
  return out;
}

std::string RunLedger::text(const std::vector<std::int32_t>& tokens) {
  return find_texts() ? texts_->tokenizer->decode_behind(tokens) : "";
}

RunLedger::Problem RunLedger::problem_of(std::uint64_t group) {
  if (const LedgerReader* ledger = reader())
    if (auto prompt = ledger->prompt(group)) return {true, prompt->text, prompt->answer};
  if (!std::exchange(texts_->job_tried, true)) {
    try {
      texts_->job.emplace(load_job(folder_ + "/job.yaml", {}));
    } catch (const Error&) {
      return {};  // its data or its model are gone, or its rewards are another program's
    }
  }
  if (!texts_->job || texts_->job->prompts.empty()) return {};
  Prompt prompt = texts_->job->prompt_of(group);
  return {true, prompt.text, prompt.answer};
}

}  // namespace tramontane
