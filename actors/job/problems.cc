#include "actors/job/problems.h"

#include "actors/job/chat_prompt.h"
#include "actors/job/rewards.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "storage/dataset.h"

namespace tramontane {
namespace {

std::string text_of(capnp::Text::Reader text) {
  return {text.begin(), text.end()};
}

// What stands behind the last `mark`; nothing if there is none.
std::string behind(const std::string& text, const std::string& mark) {
  if (mark.empty()) return text;
  auto at = text.rfind(mark);
  auto begin = at == std::string::npos ? at : text.find_first_not_of(" \n", at + mark.size());
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \n") + 1 - begin);
}

}  // namespace

std::vector<Problem> read_problems(const Files& files, const std::string& path,
    const std::string& key, schema::Job::Reader graph, const Job& job) {
  auto fields = graph.getData();
  Dataset data = read_dataset(files, path,
      {.prompt_field = text_of(fields.getPromptField()),
          .answer_field = text_of(fields.getAnswerField())});
  std::string mark = text_of(fields.getAnswerAfter());
  auto chat = static_cast<Chat>(fields.getChat());
  std::string system = text_of(fields.getSystem());
  if (system.empty())
    system = default_system_prompt(reward_options(graph.getActors().getVerifier()).tags);
  std::vector<Problem> out;
  out.reserve(data.size());
  for (std::uint64_t i = 0; i < data.size(); ++i) {
    const Example& example = data[i];
    Problem problem{
        .prompt = {.index = i, .text = example.prompt, .answer = behind(example.answer, mark)},
        .kind = example.kind};
    auto refuse = [&](const std::string& why) {
      throw Error(Errc::bad_input, str(path, ":", example.line, ": ", why));
    };
    if (problem.prompt.answer.empty())
      refuse(str("no answer behind '", mark, "' (data.answer_after)"));
    try {
      problem.prompt.tokens = job.tokenizer->encode(chat_prompt(chat, system, example.prompt));
    } catch (const Error& e) {
      refuse(e.text());
    }
    if (static_cast<std::int64_t>(problem.prompt.tokens.size()) + 1 > job.model.context)
      refuse(str("a prompt of ", problem.prompt.tokens.size(),
          " tokens leaves no room for an answer in a context of ", job.model.context, " (", key,
          "); shorten it or raise model.context"));
    out.push_back(std::move(problem));
  }
  return out;
}

}  // namespace tramontane
