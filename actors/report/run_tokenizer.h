#pragma once
// The tokenizer of a run, for who shows its tokens as text.

#include "actors/model/tokenizer/tokenizer.h"

#include <memory>
#include <string>

namespace tramontane {

// Of the newest checkpoint that has one which can be read; null if none has.
std::shared_ptr<Tokenizer> find_tokenizer(const std::string& run_folder);

}  // namespace tramontane
