#pragma once
// Problems and demonstrations, read from data files, put to a model and made tokens.

#include "actors/job/job.h"
#include "actors/job/problem_form.h"
#include "storage/file.h"

#include <functional>
#include <string>
#include <vector>

namespace tramontane {

struct ReadProblems {
  std::vector<Problem> problems;
  std::uint64_t skipped = 0;  // too long
};

// `key` names the file's place in the job graph (or the option), for errors. Error(bad_input) names
// file and line, and of prompts that are too long all of them. So does what `check_answer` throws
// of an answer.
ReadProblems read_problems(const Files& files, const std::string& path, const std::string& key,
    const ProblemForm& form, const Tokenizer& tokenizer, const ModelConfig& model,
    const std::function<void(const std::string&)>& check_answer = {});

// Demonstrations whose completion is in the field `style`, the first `limit` of them (0: all): each
// with the model's first end token behind it, where it has one.
std::vector<TrainSequence> read_demonstrations(const Files& files, const std::string& path,
    const std::string& style, std::uint64_t limit, const ProblemForm& form,
    const Tokenizer& tokenizer, const ModelConfig& model);

// What stands behind the last `mark`; nothing if there is none; all of it if the mark is empty.
std::string answer_behind(const std::string& text, const std::string& mark);

}  // namespace tramontane
