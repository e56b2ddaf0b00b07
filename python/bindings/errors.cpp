// SPDX-License-Identifier: Apache-2.0
// C++ errors as Python exceptions with the same text.
#include "base/files.hpp"
#include "dse/study/study.hpp"
#include "python/bindings/bindings.hpp"
#include "sim/evaluate.hpp"

namespace sluice::python {
namespace {

PyObject* input_error = nullptr;  // lives as long as the module, which is never unloaded
PyObject* study_error = nullptr;

nb::dict dict_of(const Diagnostic& diagnostic) {
  nb::dict dict;
  dict["path"] = diagnostic.where.path;
  dict["line"] = diagnostic.where.line;
  dict["column"] = diagnostic.where.column;
  dict["message"] = diagnostic.message;
  dict["hint"] = diagnostic.hint;
  return dict;
}

void raise(const SpecError& error) {
  nb::list diagnostics;
  for (const Diagnostic& diagnostic : error.diagnostics()) diagnostics.append(dict_of(diagnostic));
  nb::object exception = nb::borrow(input_error)(error.what());
  exception.attr("diagnostics") = diagnostics;
  PyErr_SetObject(input_error, exception.ptr());
}

void translate(const std::exception_ptr& pointer, void*) {
  try {
    std::rethrow_exception(pointer);
  } catch (const SpecError& error) {
    raise(error);
  } catch (const StudyError& error) {
    PyErr_SetString(study_error, error.what());
  } catch (const FileError& error) {
    PyErr_SetString(PyExc_OSError, error.what());
  } catch (const InterruptedError&) {
    // The signal's own exception is set already when it was a signal that stopped the run.
    if (PyErr_Occurred() == nullptr) PyErr_SetNone(PyExc_KeyboardInterrupt);
  }
}

PyObject* new_error(nb::module_& module, const char* name, const char* doc, PyObject* base) {
  const std::string qualified = std::string("sluice.") + name;
  PyObject* error = PyErr_NewExceptionWithDoc(qualified.c_str(), doc, base, nullptr);
  if (error == nullptr) nb::raise_python_error();
  module.attr(name) = nb::borrow(error);
  return error;
}

}  // namespace

void bind_errors(nb::module_& module) {
  input_error = new_error(module, "InputError",
                          "The input is wrong. `diagnostics`: every mistake, as a dict of path, "
                          "line, column, message, hint.",
                          PyExc_ValueError);
  study_error = new_error(module, "StudyError",
                          "The file of a study cannot be used or written. What it holds is sound.",
                          PyExc_RuntimeError);
  nb::register_exception_translator(translate);
}

}  // namespace sluice::python
