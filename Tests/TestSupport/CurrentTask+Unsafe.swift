// Safety: the current task is used within the closure that gets it, while it runs.

/// Raises the priority of the task that calls, and of those that it starts, above that of tests that only compute.
func hurry() {
  unsafe withUnsafeCurrentTask { task in unsafe task?.escalatePriority(to: .high) }
}
