#pragma once
// Parts of a tokenizer.json as it is written here, of other files or of nothing.
//
// Pure functions.

#include "actors/messages/types.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace tramontane::detail {

boost::json::object added_token_json(
    Token id, std::string_view text, bool special, bool normalised = false);

// A model that has tokens and merges; what is not given is off.
struct BpeJson {
  boost::json::object vocabulary;
  boost::json::array merges;
  std::string unknown = {};  // empty: none
  bool byte_fallback = false;
  bool fuse_unknown = false;
  bool whole_words = false;
};

boost::json::object bpe_json(BpeJson parts);

// A post_processor that puts one token before every text; null for no token.
boost::json::value prefix_json(std::string_view text, Token id);

// The whole file.
struct FileJson {
  boost::json::array added;
  boost::json::value normalizer = nullptr;
  boost::json::value pre_tokenizer = nullptr;
  boost::json::value post_processor = nullptr;
  boost::json::value decoder = nullptr;
  boost::json::object model;
};

std::string file_json(FileJson parts);

// The merges that make a vocabulary whose tokens are only ranked, first the first: every way of
// cutting a token into two is one; those of one token in the order of their halves. With `symbols`,
// tokens are bytes, to be written as ByteLevel does.
boost::json::array merges_json(const std::vector<std::string>& ranked, bool symbols);

}  // namespace tramontane::detail
