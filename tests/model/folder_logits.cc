// What this build makes of a model's folder, for tests/model/transformers_test.py.
//
//   folder_logits FOLDER < LINES              # LINES: token ids, separated by spaces
//   folder_logits FOLDER --save OUT < LINES   # and writes the model as a checkpoint has it
//   folder_logits --config FILE               # says only whether a config.json is understood
//   folder_logits --keys TYPE < WORDS         # prints the keys that no table has for the
//   model_type
//
// Prints a line for each line: the logits of every position, then of the next, in hexadecimal float
// notation. The trainer must agree with the decoder bit for bit, which is checked on the way. Exit
// status 3 with the text where the folder is refused.
#include "actors/model/config_keys.h"
#include "actors/model/hf_folder.h"
#include "actors/model/policy.h"
#include "kernels/ops.h"
#include "runtime/base/result.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

using namespace tramontane;

namespace {

void save(const std::string& folder, const HfFolder& model) {
  std::filesystem::create_directories(folder);
  for (const auto& [name, bytes] :
      hf_files(model.config, model.tokenizer.to_json(), *model.arena, model.carried)) {
    std::ofstream out(folder + "/" + name, std::ios::binary);
    out.write(
        reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
}

// (tokens, vocabulary)
std::vector<float> logits_of(
    const ModelConfig& config, const ReadyWeights& weights, const std::vector<Token>& tokens) {
  Decoder decoder(config, {.kv_blocks = Decoder::blocks_for(config.context), .rows_max = 64});
  SequenceId id = *decoder.open(static_cast<std::int64_t>(tokens.size()));
  std::vector<float> all;
  for (Token token : tokens) {
    Decoder::Row row{.sequence = id, .token = token};
    std::span<const float> logits = decoder.forward({&row, 1}, weights);
    all.insert(all.end(), logits.begin(), logits.end());
  }
  return all;
}

// Log-probabilities of every token but the first, by the trainer, against those of `logits`.
bool trainer_agrees(const ModelConfig& config, PolicyTrainer& trainer,
    const std::vector<Token>& tokens, const std::vector<float>& logits) {
  TrainSequence sequence{.prompt = {tokens[0]}, .completion = {tokens.begin() + 1, tokens.end()}};
  auto rows = static_cast<std::int64_t>(sequence.completion.size());
  std::vector<float> expected(sequence.completion.size());
  kernels::token_log_prob(logits.data(), rows, config.vocabulary, sequence.completion.data(), 1,
      expected.data(), nullptr);
  return trainer.log_probs({&sequence, 1}, 1, 4096).front() == expected;
}

void print(const std::vector<float>& values) {
  for (float value : values) std::printf("%a ", static_cast<double>(value));
  std::printf("\n");
}

int run(const std::string& folder, const std::string& out) {
  HfFolder model = load_hf_folder(folder);
  if (!out.empty()) save(out, model);
  model.arena->seal(0);
  auto weights = ReadyWeights::prepare(model.config, model.arena);
  auto trainer = load_policy_trainer(model.config);
  trainer->import(*model.arena);
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::vector<Token> tokens{std::istream_iterator<Token>(words), {}};
    std::vector<float> logits = logits_of(model.config, *weights, tokens);
    if (!trainer_agrees(model.config, *trainer, tokens, logits)) {
      std::fprintf(stderr, "trainer and decoder disagree\n");
      return 1;
    }
    print(logits);
  }
  return 0;
}

int check_config(const std::string& path) {
  std::ifstream in(path);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  ModelConfig config = parse_model_config(text);
  return parse_model_config(write_model_config(config)) == config ? 0 : 1;
}

int unknown_keys(const std::string& type) {
  for (std::string key; std::cin >> key;)
    if (key_use(type, key) == KeyUse::unknown) std::printf("%s\n", key.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    if (arguments.size() == 2 && arguments[0] == "--config") return check_config(arguments[1]);
    if (arguments.size() == 2 && arguments[0] == "--keys") return unknown_keys(arguments[1]);
    if (arguments.size() == 1) return run(arguments[0], "");
    if (arguments.size() == 3 && arguments[1] == "--save") return run(arguments[0], arguments[2]);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.text().c_str());
    return 3;
  }
  std::fprintf(stderr, "folder_logits FOLDER [--save OUT] | --config FILE | --keys TYPE\n");
  return 2;
}
