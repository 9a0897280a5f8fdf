#pragma once
// A Dataset is the examples of a JSON-lines file, in file order, with a shuffle that needs no
// state: shuffled(position) is a pure function of the seed.
//
//   auto data = read_dataset(*files, "train.jsonl", {});
//   const Example& next = data.shuffled(position, seed);    // epoch after epoch, without end
//
// Each line is one JSON object, UTF-8: {"prompt": "…", "answer": "…", "completion": "…"}. A number
// or a boolean is taken as the very text that stands there; of an answer, a list of texts and
// numbers as a list of texts (each of them accepted), any other list or object as its JSON. A
// prompt may be a list of messages {"role", "content"} that ends with the user's. A field's name
// may lead into objects, like reward_model.ground_truth. Other fields are ignored, blank lines
// skipped, gzip and zstd unpacked. Everything wrong is reported at once: Error(bad_input) naming
// file:line, what was expected and what is there.

#include "storage/file.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

// One message of a conversation.
struct Turn {
  std::string role;  // system, user or assistant
  std::string content;

  bool operator==(const Turn&) const = default;
};

struct Example {
  std::string prompt;       // of a conversation its last message, which is the user's
  std::vector<Turn> turns;  // the whole conversation; empty where the prompt is a text
  std::string answer;
  std::string completion;  // of a demonstration; empty elsewhere
  std::string kind;        // what sort of problem, for tables by kind; may be empty
  std::uint32_t line = 0;  // from 1
};

enum class Duplicates : std::uint8_t {
  keep = 0,
  drop = 1,    // the first of equal examples stays
  refuse = 2,  // an error naming both lines
};

struct DatasetOptions {
  std::string prompt_field = "prompt";
  std::string answer_field = "answer";
  std::string completion_field = "completion";
  std::string kind_field = "kind";
  bool needs_answer = true;
  bool needs_completion = false;
  bool empty_texts = false;                  // prompt and completion may be there and be empty
  Duplicates duplicates = Duplicates::keep;  // equal in prompt, answer and completion
};

class Dataset {
 public:
  Dataset(std::vector<Example> examples, std::uint64_t duplicates_dropped);

  std::uint64_t size() const { return examples_.size(); }

  std::uint64_t duplicates_dropped() const { return duplicates_dropped_; }

  const Example& operator[](std::uint64_t index) const { return examples_[index]; }

  // The index at a position of the endless shuffled sequence: every epoch visits each example
  // once, in an order of its own.
  std::uint64_t shuffled_index(std::uint64_t position, std::uint64_t seed) const;

  const Example& shuffled(std::uint64_t position, std::uint64_t seed) const {
    return examples_[shuffled_index(position, seed)];
  }

 private:
  std::vector<Example> examples_;  // never empty
  std::uint64_t duplicates_dropped_;
};

Dataset read_dataset(const Files& files, const std::string& path, const DatasetOptions& options);

// The example of one line that is not blank. Error(bad_input) naming `name` and the line.
Example parse_example(std::string_view text, std::uint32_t line, const std::string& name,
    const DatasetOptions& options);

// The same from bytes, unpacked; `name` stands in the errors.
Dataset parse_dataset(ByteView bytes, const std::string& name, const DatasetOptions& options);

}  // namespace tramontane
