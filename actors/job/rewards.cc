#include "actors/job/rewards.h"

namespace tramontane {
namespace {

std::string text_of(capnp::Text::Reader text) {
  return {text.begin(), text.end()};
}

RewardSpec reward_spec(schema::Reward::Reader from) {
  constexpr const char* thinking[] = {"optional", "required", "none"};
  constexpr const char* parts[] = {"any", "boxed", "code_block"};
  constexpr const char* answers[] = {
      "automatic", "boxed", "hash_marks", "answer_is", "last_number", "whole", "number"};
  constexpr const char* sandboxes[] = {"full", "partial", "none"};
  RewardSpec spec{.name = text_of(from.getName()), .weight = from.getWeight()};
  spec.kind = text_of(from.getKind());
  spec.thinking = thinking[static_cast<int>(from.getThinking())];
  spec.requires_part = parts[static_cast<int>(from.getRequires())];
  spec.answer = answers[static_cast<int>(from.getAnswer())];
  spec.deadline = from.getDeadline();
  spec.language = text_of(from.getLanguage());
  spec.test_seconds = from.getTestSeconds();
  spec.test_megabytes = from.getTestMegabytes();
  spec.tests_max = from.getTestsMax();
  spec.sandbox = sandboxes[static_cast<int>(from.getSandbox())];
  spec.model = text_of(from.getModel());
  spec.expect = text_of(from.getExpect());
  for (auto word : from.getCommand()) spec.command.push_back(text_of(word));
  spec.url = text_of(from.getUrl());
  spec.batch = from.getBatch();
  spec.prompt_template = text_of(from.getTemplate());
  return spec;
}

}  // namespace

std::vector<RewardSpec> reward_specs(schema::Verifier::Reader verifier) {
  std::vector<RewardSpec> specs;
  for (auto reward : verifier.getRewards()) specs.push_back(reward_spec(reward));
  return specs;
}

RewardOptions reward_options(schema::Verifier::Reader verifier, std::uint32_t max_tokens) {
  RewardOptions options;
  options.tags = {text_of(verifier.getThinkOpen()), text_of(verifier.getThinkClose())};
  options.length_max = verifier.getLengthMax() != 0 ? verifier.getLengthMax() : max_tokens;
  options.length_cache =
      verifier.getLengthCache() != 0 ? verifier.getLengthCache() : options.length_max / 4;
  return options;
}

}  // namespace tramontane
