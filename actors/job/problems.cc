#include "actors/job/problems.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "storage/dataset.h"

#include <algorithm>

namespace tramontane {
namespace {

// Runs `make` with errors that begin with the line.
template <class Make>
auto at_line(const std::string& path, std::uint32_t line, Make make) {
  try {
    return make();
  } catch (const Error& e) {
    throw Error(Errc::bad_input, str(path, ":", line, ": ", e.text()));
  }
}

// Prompts that leave no room for an answer.
struct TooLong {
  std::uint64_t count = 0;
  std::uint32_t first = 0;  // line
  std::size_t longest = 0;  // tokens
  std::string lines;        // the first few

  void add(std::uint32_t line, std::size_t tokens) {
    if (count < 10) lines += str(count == 0 ? "" : ", ", line);
    if (count == 10) lines += ", …";
    if (count++ == 0) first = line;
    longest = std::max(longest, tokens);
  }
};

}  // namespace

std::string answer_behind(const std::string& text, const std::string& mark) {
  if (mark.empty()) return text;
  auto at = text.rfind(mark);
  auto begin = at == std::string::npos ? at : text.find_first_not_of(" \n", at + mark.size());
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \n") + 1 - begin);
}

ReadProblems read_problems(const Files& files, const std::string& path, const std::string& key,
    const ProblemForm& form, const Tokenizer& tokenizer, const ModelConfig& model,
    const std::function<void(const std::string&)>& check_answer) {
  Dataset data = read_dataset(
      files, path, {.prompt_field = form.prompt_field, .answer_field = form.answer_field});
  ReadProblems out;
  TooLong too_long;
  out.problems.reserve(data.size());
  for (std::uint64_t i = 0; i < data.size(); ++i) {
    const Example& example = data[i];
    Problem problem{.prompt = at_line(path, example.line,
                        [&] { return form.prompt(tokenizer, example.prompt, example.turns); }),
        .kind = example.kind};
    problem.prompt.index = i;
    problem.prompt.answer = answer_behind(example.answer, form.answer_after);
    if (problem.prompt.answer.empty())
      throw Error(Errc::bad_input, str(path, ":", example.line, ": no answer behind '",
                                       form.answer_after, "' (answer_after)"));
    if (check_answer) at_line(path, example.line, [&] { check_answer(problem.prompt.answer); });
    if (static_cast<std::int64_t>(problem.prompt.tokens.size()) + 1 > model.context)
      too_long.add(example.line, problem.prompt.tokens.size());
    else
      out.problems.push_back(std::move(problem));
  }
  out.skipped = too_long.count;
  if (too_long.count > 0 && (!form.skip_overlong || out.problems.empty()))
    throw Error(Errc::bad_input,
        str(path, ":", too_long.first, ": ", too_long.count, " of ", data.size(), " prompts (", key,
            ") leave no room for an answer in a context of ", model.context, ", the longest has ",
            too_long.longest, " tokens; lines ", too_long.lines,
            ". Shorten them, raise model.context, or set data.overlong_prompts: skip"));
  return out;
}

std::vector<TrainSequence> read_demonstrations(const Files& files, const std::string& path,
    const std::string& style, std::uint64_t limit, const ProblemForm& form,
    const Tokenizer& tokenizer, const ModelConfig& model) {
  Dataset data = read_dataset(files, path,
      {.prompt_field = form.prompt_field,
          .completion_field = style,
          .needs_answer = false,
          .needs_completion = true});
  std::uint64_t count = limit == 0 ? data.size() : std::min<std::uint64_t>(limit, data.size());
  std::vector<TrainSequence> out;
  for (std::uint64_t i = 0; i < count; ++i) {
    TrainSequence sequence;
    at_line(path, data[i].line, [&] {
      sequence.prompt = form.prompt(tokenizer, data[i].prompt, data[i].turns).tokens;
      sequence.completion = tokenizer.encode_behind(data[i].completion);
    });
    if (!model.ends.empty()) sequence.completion.push_back(model.ends.front());
    std::size_t tokens = sequence.prompt.size() + sequence.completion.size();
    if (static_cast<std::int64_t>(tokens) > model.context)
      throw Error(Errc::bad_input, str(path, ":", data[i].line, ": a demonstration of ", tokens,
                                       " tokens is longer than the context of ", model.context));
    out.push_back(std::move(sequence));
  }
  return out;
}

}  // namespace tramontane
