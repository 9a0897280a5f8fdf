#include "actors/job/rewards.h"

#include "actors/job/job.h"

namespace tramontane {
namespace {

std::string text_of(capnp::Text::Reader text) {
  return {text.begin(), text.end()};
}

// What a kind's options may depend on beside the reward's own fields.
struct Around {
  schema::Verifier::Reader verifier;
  std::uint32_t max_tokens = 0;
};

KindOptions format_options(schema::Reward::Reader from, const Around&) {
  constexpr const char* thinking[] = {"optional", "required", "none"};
  constexpr const char* parts[] = {"any", "boxed", "code_block"};
  return FormatOptions{
      thinking[static_cast<int>(from.getThinking())], parts[static_cast<int>(from.getRequires())]};
}

KindOptions math_options(schema::Reward::Reader from, const Around&) {
  constexpr const char* answers[] = {
      "automatic", "boxed", "hash_marks", "answer_is", "last_number", "whole", "number"};
  constexpr const char* boxes[] = {"last", "all"};
  return MathOptions{
      answers[static_cast<int>(from.getAnswer())], boxes[static_cast<int>(from.getBoxes())]};
}

KindOptions code_options(schema::Reward::Reader from, const Around&) {
  constexpr const char* sandboxes[] = {"full", "partial", "none"};
  return CodeOptions{.language = text_of(from.getLanguage()),
      .test_seconds = from.getTestSeconds(),
      .test_megabytes = from.getTestMegabytes(),
      .tests_max = from.getTestsMax(),
      .sandbox = sandboxes[static_cast<int>(from.getSandbox())]};
}

KindOptions length_options(schema::Reward::Reader from, const Around& around) {
  auto first = [](std::uint32_t a, std::uint32_t b, std::uint32_t otherwise) {
    return a != 0 ? a : b != 0 ? b : otherwise;
  };
  LengthOptions options;
  options.length_max =
      first(from.getLengthMax(), around.verifier.getLengthMax(), around.max_tokens);
  options.length_cache =
      first(from.getLengthCache(), around.verifier.getLengthCache(), options.length_max / 4);
  return options;
}

KindOptions language_options(schema::Reward::Reader from, const Around&) {
  return LanguageOptions{
      text_of(from.getModel()), text_of(from.getExpect()), from.getUndetermined()};
}

KindOptions command_options(schema::Reward::Reader from, const Around&) {
  CommandOptions options;
  for (auto word : from.getCommand()) options.command.push_back(text_of(word));
  return options;
}

KindOptions http_options(schema::Reward::Reader from, const Around&) {
  return HttpOptions{text_of(from.getUrl()), text_of(from.getModel()), text_of(from.getTemplate())};
}

KindOptions own_options(schema::Reward::Reader from, const Around&) {
  OwnOptions options;
  for (auto option : from.getOptions())
    options.values[text_of(option.getName())] = text_of(option.getValue());
  return options;
}

struct Reading {
  std::string_view kind;
  KindOptions (*options)(schema::Reward::Reader, const Around&);
};

constexpr Reading readings[] = {{"format", format_options}, {"math", math_options},
    {"code", code_options}, {"length", length_options}, {"language", language_options},
    {"command", command_options}, {"http", http_options}};

}  // namespace

std::vector<RewardSpec> reward_specs(schema::Verifier::Reader verifier, std::uint32_t max_tokens) {
  std::vector<RewardSpec> specs;
  Around around{verifier, max_tokens};
  for (auto reward : verifier.getRewards()) {
    RewardSpec spec{.name = text_of(reward.getName()),
        .weight = reward.getWeight(),
        .kind = text_of(reward.getKind()),
        .deadline = reward.getDeadline(),
        .batch = reward.getBatch()};
    auto* read = own_options;
    for (const auto& reading : readings)
      if (reading.kind == spec.kind_or_name()) read = reading.options;
    spec.options = read(reward, around);
    specs.push_back(std::move(spec));
  }
  return specs;
}

RewardOptions reward_options(schema::Verifier::Reader verifier) {
  return {.tags = {text_of(verifier.getThinkOpen()), text_of(verifier.getThinkClose())}};
}

RewardTable Job::reward_table() const {
  return {reward_kinds, rewards, reward_options};
}

}  // namespace tramontane
