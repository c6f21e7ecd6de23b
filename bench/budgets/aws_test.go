package main

import "testing"

// The size does not depend on what else the machine does, so it can be a test.
func TestTheLambdaFunctionIsNotMuchLargerThanAHelloWorld(t *testing.T) {
	t.Chdir("..") // where the command runs
	var tab table
	if err := measureAWSSize(t.Context(), &tab, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if len(tab.rows) != 1 || tab.broken() > 0 {
		t.Errorf("%+v", tab.rows)
	}
}
