#include <tenon/error.hpp>

#include <utility>

namespace tenon {

struct Error::Text {
  std::string message;
  std::vector<std::string> context;
  std::string rendered;
};

std::string_view to_string(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::model: return "model";
    case ErrorKind::device: return "device";
    case ErrorKind::internal: return "internal";
  }
  return "unknown";
}

Error::Error(std::string message, ErrorKind kind) : kind_(kind) {
  Text text;
  text.rendered = message;
  text.message = std::move(message);
  text_ = std::make_shared<const Text>(std::move(text));
}

void Error::add_context(std::string frame) {
  Text text = *text_;
  text.rendered += "\n  while " + frame;
  text.context.push_back(std::move(frame));
  text_ = std::make_shared<const Text>(std::move(text));
}

const char* Error::what() const noexcept { return text_->rendered.c_str(); }

const std::string& Error::message() const noexcept { return text_->message; }

const std::vector<std::string>& Error::context() const noexcept { return text_->context; }

}  // namespace tenon
