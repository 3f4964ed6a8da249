// What the build half throws. Every error says what was expected, what was found and where; the places it
// passed on its way up are added as context while unwinding.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

enum class ErrorKind {
  model,     // the model, a file or the caller's arguments are wrong
  device,    // a device, the operating system or memory failed
  internal,  // a bug in Tenon
};

std::string_view to_string(ErrorKind kind) noexcept;

// Copies share their text until one of them gains context, so copying cannot throw.
class Error : public std::exception {
 public:
  explicit Error(std::string message, ErrorKind kind = ErrorKind::internal);

  // Adds the next frame outwards, e.g. "importing 'Conv_3'".
  void add_context(std::string frame);

  // The message, then one line "  while <frame>" for every frame, innermost first.
  const char* what() const noexcept override;

  ErrorKind kind() const noexcept { return kind_; }
  const std::string& message() const noexcept;
  const std::vector<std::string>& context() const noexcept;

 private:
  struct Text;
  std::shared_ptr<const Text> text_;
  ErrorKind kind_;
};

class ModelError : public Error {
 public:
  explicit ModelError(std::string message) : Error(std::move(message), ErrorKind::model) {}
};

class DeviceError : public Error {
 public:
  explicit DeviceError(std::string message) : Error(std::move(message), ErrorKind::device) {}
};

class InternalError : public Error {
 public:
  explicit InternalError(std::string message) : Error(std::move(message), ErrorKind::internal) {}
};

}  // namespace tenon
