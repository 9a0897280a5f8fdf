#pragma once
// What is asked of a head to have a job run (head_answers.h), whoever asks. Any thread.

#include "actors/job/job.h"

#include <boost/json/object.hpp>

#include <cstdint>

namespace tramontane {

// The request of "submit".
boost::json::object submission_of(const Job& job, std::int64_t priority);

}  // namespace tramontane
