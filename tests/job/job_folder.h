#pragma once
// A folder with the files of a small job, and the job read from it.
//
//   JobFolder folder;
//   Job job = folder.load({"stages.0.reinforce.algorithm.name=dapo"});

#include "actors/job/job.h"
#include "actors/model/hf_folder.h"
#include "runtime/base/result.h"
#include "tests/support/temp_folder.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace tramontane {

class JobFolder {
 public:
  JobFolder() {
    write("problems.jsonl", "{\"prompt\": \"1+1=\", \"answer\": \"2\"}\n");
    write("demonstrations.jsonl", "{\"prompt\": \"1+1=\", \"short\": \"2\"}\n");
  }

  void remove(const std::string& name) const {
    std::filesystem::remove(folder_.path() + "/" + name);
  }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.path() + "/" + name) << text;
  }

  // A model in the Hugging Face layout: random weights, tokens of single characters.
  void add_model(const std::string& name, std::uint64_t seed) const {
    std::vector<std::string> special = {
        "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"};
    std::string characters = "\n";
    for (char c = ' '; c <= '~'; ++c) characters += c;
    auto tokenizer = Tokenizer::of_characters(special, characters);
    ModelConfig config = preset("micro", tokenizer.vocabulary());
    config.ends = {tokenizer.id("<|endoftext|>")};
    Arena arena(std::make_shared<const Manifest>(model_manifest(config)));
    initialise(arena, config, seed);
    std::filesystem::create_directories(folder_.path() + "/" + name);
    for (const auto& [file, bytes] : hf_files(config, tokenizer.to_json(), arena))
      write(name + "/" + file, std::string(as_text(bytes)));
  }

  std::string graph =
      "name: small\n"
      "model:\n"
      "  preset: nano\n"
      "  tokens: { special: [<pad>, <eos>], characters: \"0123456789+-*/=,r\" }\n"
      "data: { prompts: problems.jsonl, heldout: problems.jsonl }\n"
      "stages:\n"
      "  - reinforce: { algorithm: { group: 4, batch: 16 } }\n"
      "actors:\n"
      "  generator: { max_tokens: 40 }\n"
      "  verifier: { rewards: { math: { weight: 1, answer: number } } }\n";

  Job load(const std::vector<std::string>& sets = {}) const {
    return parse_job("job.yaml", graph, folder_.path(), sets, {.rewards = built_in_rewards()});
  }

  // Why it is refused; empty if it is not.
  std::string refusal(const std::vector<std::string>& sets = {}) const {
    try {
      static_cast<void>(load(sets));
      return "";
    } catch (const Error& e) {
      return e.text();
    }
  }

  const std::string& path() const { return folder_.path(); }

 private:
  TempFolder folder_;
};

}  // namespace tramontane
