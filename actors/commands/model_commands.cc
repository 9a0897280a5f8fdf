#include "actors/commands/commands.h"
#include "actors/evaluator/evaluation.h"
#include "actors/job/problems.h"
#include "actors/model/hf_folder.h"
#include "actors/view/fields.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/shown_text.h"
#include "storage/checkpoint.h"
#include "storage/file.h"

#include <algorithm>
#include <cstdio>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

constexpr std::string_view broken_character = "\xEF\xBF\xBD";

struct LoadedModel {
  Job job;
  std::shared_ptr<const ReadyWeights> weights;
};

// Text that comes in pieces, which may end inside a character: written as valid UTF-8, and on a
// terminal without control characters.
class TextStream {
 public:
  explicit TextStream(std::FILE* out) : out_(out), terminal_(::isatty(::fileno(out)) != 0) {}

  void write(std::string_view bytes) {
    pending_ += bytes;
    std::size_t whole = pending_.size() - begun_character(pending_);
    put(std::string_view(pending_).substr(0, whole));
    pending_.erase(0, whole);
  }

  // No more is to come of a character that was begun.
  void end() { put(std::exchange(pending_, {})); }

 private:
  // How many bytes at the end begin a character that may yet be completed.
  static std::size_t begun_character(std::string_view bytes) {
    for (std::size_t length = 1; length <= 3 && length <= bytes.size(); ++length) {
      auto first = static_cast<unsigned char>(bytes[bytes.size() - length]);
      if (first < 0x80) return 0;
      if (first >= 0xC0) return length < (first < 0xE0 ? 2U : first < 0xF0 ? 3U : 4U) ? length : 0;
    }
    return 0;
  }

  void put(std::string_view bytes) {
    std::string text = terminal_ ? several_lines(bytes) : valid_utf8(bytes);
    std::fwrite(text.data(), 1, text.size(), out_);
  }

  std::FILE* out_;
  bool terminal_;
  std::string pending_;
};

// The form that the checkpoint was trained with, and what the options say otherwise.
ProblemForm form_of(const std::string& folder, const CliArguments& arguments) {
  auto about = about_checkpoint(*system_files(), folder);
  const auto* recorded = about.if_contains("form");
  ProblemForm form = recorded != nullptr && recorded->is_object()
                         ? problem_form_of(recorded->as_object())
                         : ProblemForm();
  form.prompt_field = arguments.text("prompt-field", form.prompt_field);
  form.answer_field = arguments.text("answer-field", form.answer_field);
  form.answer_after = arguments.text("answer-after", form.answer_after);
  if (arguments.has("chat")) form.chat = chat_named(arguments.text("chat", "auto"));
  form.system = arguments.text("system", form.system);
  if (arguments.has("system")) form.system_turn = true;
  if (arguments.has("no-system")) form.system_turn = false;
  if (arguments.has("think-first")) form.think_first = true;
  return form;
}

// A checkpoint as a job without stages, for what needs no training.
LoadedModel load_model(const std::string& folder, const CliArguments& arguments) {
  HfFolder loaded = load_hf_folder(folder);
  LoadedModel model;
  model.job.form = form_of(folder, arguments);
  std::string wrong = model.job.form.fit(folder, loaded.carried, loaded.tokenizer);
  if (!wrong.empty()) throw Error(Errc::bad_input, "--chat: " + wrong);
  model.job.form.add_end(loaded.tokenizer, loaded.config);
  model.job.reward_options.tags = model.job.form.tags;
  model.job.reward_options.think_first = model.job.form.think_first;
  model.job.model = loaded.config;
  model.job.tokenizer = std::make_shared<const Tokenizer>(std::move(loaded.tokenizer));
  model.job.seed = arguments.whole("seed", 0, ~std::uint64_t{0} >> 12);
  model.job.rewards = {{.name = "format", .weight = 0.1}, {.name = "math", .weight = 0.9}};
  model.job.generator.max_tokens =
      static_cast<std::uint32_t>(arguments.whole("max-tokens", 64, 1 << 20));
  loaded.arena->seal(0);
  model.weights = model.job.generator.device->prepare(model.job.model, loaded.arena);
  return model;
}

int evaluate(const CliArguments& arguments) {
  std::string path = arguments.text("data", "");
  if (path.empty())
    throw UsageError("missing --data FILE: JSONL of {\"prompt\", \"answer\"} lines");
  LoadedModel model = load_model(arguments.positional(0), arguments);
  model.job.heldout = read_problems(
      *system_files(), path, "--data", model.job.form, *model.job.tokenizer, model.job.model)
                          .problems;
  model.job.evaluator.temperature =
      static_cast<float>(arguments.number("temperature", 1, 0.01, 100));
  model.job.evaluator.top_p = static_cast<float>(arguments.number("top-p", 1, 1e-6, 1));
  auto samples =
      static_cast<std::uint32_t>(std::max<std::uint64_t>(1, arguments.whole("samples", 8, 1024)));
  EvaluationOptions options{.label = "eval",
      .samples = samples,
      .majority = samples > 1,
      .force_thinking = arguments.has("force-thinking")};
  if (options.force_thinking && !Evaluation::can_force_thinking(model.job))
    throw Error(Errc::unsupported, "the tokenizer has no <think> token to force");
  Evaluation evaluation(model.job, model.weights, options);
  while (evaluation.step()) {
  }
  RunEvent event = evaluation.event();
  if (arguments.has("json")) {
    std::printf("%s\n", json_text(event).c_str());
    return 0;
  }
  std::printf(
      "problems          %zu\ngreedy pass@1     %.3f\nsampled pass@1    %.3f   (mean of %u "
      "samples)\n",
      model.job.heldout.size(), evaluation.greedy(), evaluation.sampled(), samples);
  if (options.majority)
    std::printf("maj@%-3u           %.3f\n", samples, event["majority"].as_double());
  for (std::uint32_t k = 2; k <= samples; k *= 2)
    std::printf("pass@%-3u          %.3f\n", k, evaluation.pass_at(k));
  if (evaluation.no_verdicts() > 0)
    std::printf("no verdict        %llu completions, which are in none of these\n",
        static_cast<unsigned long long>(evaluation.no_verdicts()));
  std::printf("thinks            %.0f %%\nmean length       %.1f tokens\n",
      100 * event["thinking_share"].to_number<double>(), event["tokens_mean"].to_number<double>());
  for (const auto& kind : event["by_kind"].as_object())
    std::printf("  %-15.*s %.3f\n", static_cast<int>(kind.key().size()), kind.key().data(),
        kind.value().to_number<double>());
  return 0;
}

int generate(const CliArguments& arguments) {
  LoadedModel model = load_model(arguments.positional(0), arguments);
  ContinuousBatch::Options options = model.job.generator;
  options.temperature = static_cast<float>(arguments.number("temperature", 1, 0, 100));
  options.top_p = static_cast<float>(arguments.number("top-p", 1, 1e-6, 1));
  auto samples = std::max<std::uint64_t>(1, arguments.whole("samples", 1, 100000));
  ContinuousBatch batch(model.job.model, options);
  batch.swap(model.weights);
  Prompt prompt = model.job.form.prompt(*model.job.tokenizer, arguments.positional(1));
  // One after another, so that each streams; what is drawn does not depend on that.
  for (std::uint64_t i = 0; i < samples; ++i) {
    RolloutTask task;
    task.prompt = prompt;
    task.rollout.id = i;
    task.rollout.seed = model.job.seed;
    batch.add(std::move(task));
    TextStream out(stdout);
    std::vector<Token> unwritten;
    out.write(model.job.form.render(prompt.text));
    while (batch.has_work()) {
      batch.step();
      for (Segment& segment : batch.take_segments(true)) {
        if (segment.finish == Finish::stop) segment.tokens.pop_back();
        unwritten.insert(unwritten.end(), segment.tokens.begin(), segment.tokens.end());
        std::string text = model.job.tokenizer->decode_behind(unwritten);
        // A character whose bytes are tokens of their own is written when it is whole.
        if (segment.finish != Finish::running || !text.ends_with(broken_character)) {
          out.write(text);
          unwritten.clear();
        }
        if (segment.finish != Finish::running) out.end();
        if (segment.finish == Finish::length) std::fputs(" …", stdout);
      }
      std::fflush(stdout);
    }
    std::fputs("\n", stdout);
  }
  return 0;
}

const CliOption seed_option{"seed", "N", "of the random draws (default 0)"};
const CliOption max_tokens_option{
    "max-tokens", "N", "new tokens per completion at most (default 64)"};
const CliOption top_p_option{
    "top-p", "P", "mass of the most probable tokens drawn from (default 1)"};

// How a problem is put to the model; where an option is not given, as the checkpoint records it.
std::vector<CliOption> with_form(std::vector<CliOption> options, bool fields) {
  if (fields) {
    options.push_back({"prompt-field", "NAME", "what the file calls the prompt"});
    options.push_back({"answer-field", "NAME", "what the file calls the answer"});
    options.push_back(
        {"answer-after", "TEXT", "the answer is what stands behind the last of this"});
  }
  options.push_back(
      {"chat", "FORM", "auto, none, mistral, chatml or llama3 (default: the checkpoint's)"});
  options.push_back({"system", "TEXT", "with chat: the system prompt"});
  options.push_back({"no-system", "", "with chat: no system turn"});
  options.push_back({"think-first", "", "the model's turn begins with the opening thinking tag"});
  return options;
}

}  // namespace

CliCommand eval_command() {
  return {.name = "eval",
      .summary = "grade a checkpoint on a file of problems",
      .details =
          "Greedy and sampled pass@1, pass@k and maj@k, of a checkpoint (any folder in the "
          "Hugging\n"
          "Face layout) on a JSONL file of {\"prompt\", \"answer\"} lines. Problems are read and "
          "put\n"
          "to the model as in the run that wrote the checkpoint, unless told otherwise.\n\n"
          "  tram eval runs/arithmetic-…/checkpoints/step-000200 --data "
          "examples/arithmetic/heldout.jsonl",
      .positionals = {"CHECKPOINT"},
      .options = with_form(
          {{"data", "FILE", "the problems"},
              {"samples", "N", "completions per problem (default 8)"},
              {"temperature", "T", "of the sampled ones (default 1)"}, top_p_option,
              {"force-thinking", "", "begin every completion with <think>"}, max_tokens_option,
              seed_option, {"json", "", "the result as one JSON object"}},
          true),
      .run = evaluate};
}

CliCommand generate_command() {
  return {.name = "generate",
      .summary = "complete a prompt with a checkpoint",
      .details =
          "Streams completions of the prompt, which is put to the model as in the run that wrote "
          "the\n"
          "checkpoint, unless told otherwise.\n\n  tram generate "
          "runs/arithmetic-…/checkpoints/step-000200 \"385+47=\" --samples 3",
      .positionals = {"CHECKPOINT", "PROMPT"},
      .options = with_form({{"samples", "N", "completions (default 1)"},
                               {"temperature", "T", "0: greedy (default 1)"}, top_p_option,
                               max_tokens_option, seed_option},
          false),
      .run = generate};
}

}  // namespace tramontane
