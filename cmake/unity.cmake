# With CMAKE_UNITY_BUILD (presets asan and fuzz) several files of a library are compiled as one, in about half the time.
# These are not: what they name for themselves bears the name of something in a file beside them, which is no mistake.
# Where the compiler says that such a name is defined twice, a file belongs here.
function(compiled_alone folder)
  list(TRANSFORM ARGN PREPEND ${PROJECT_SOURCE_DIR}/${folder}/)
  set_source_files_properties(${ARGN} DIRECTORY ${PROJECT_SOURCE_DIR}/${folder}
    PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

compiled_alone(analysis # each section has its gather()
  report/corruptions.cc report/flips.cc report/kinds.cc report/robustness.cc report/scales.cc report/shift.cc
  tables/result_tables.cc tables/study.cc)
compiled_alone(common
  store/results.cc study/class_labels.cc study/class_names.cc study/plan.cc study/pointer_file.cc)
compiled_alone(coordinator
  commands/doctor_command.cc commands/interrupts.cc commands/keys_command.cc commands/plan_command.cc
  commands/run_command.cc ledger/stored_results.cc operate/retry.cc serve/reporter.cc serve/throughput.cc
  study/select_file.cc sweep/worker_log.cc)
compiled_alone(plotting
  canvas.cc colour_map.cc figure5.cc page.cc page_layout.cc report/chart_layout.cc report/heat_chart.cc
  report/report_page.cc sweep_figures.cc sweep_reader.cc)
compiled_alone(worker
  commands/check_models_command.cc commands/corrupt_command.cc commands/doctor_command.cc commands/explain_command.cc
  commands/measure_command.cc commands/run_command.cc commands/try_command.cc images/png.cc images/tiff.cc)
if(WCAM_WITH_TESTS)
  compiled_alone(tests/analysis statistics/coverage_test.cc)
  compiled_alone(tests/common command_line/options_test.cc study/extension_test.cc study/plan_test.cc wire/credit_test.cc)
  compiled_alone(tests/coordinator
    ledger/job_report_test.cc operate/retry_test.cc simulation/simulation_test.cc transport/zeromq_traps_test.cc)
  if(WCAM_WITH_WORKER)
    compiled_alone(tests/worker
      images/disk_variants_test.cc jobs/job_runner_test.cc models/check_report_test.cc models/model_cache_test.cc
      protocol/conversation_test.cc wcam/reconstruction_test.cc wcam/sufficient_test.cc wcam/summary_test.cc
      wcam/wcam_test.cc)
  endif()
endif()
