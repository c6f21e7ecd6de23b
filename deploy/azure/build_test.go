package azure_test

import (
	"archive/zip"
	"bytes"
	"debug/elf"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/labelhook/labelhook/internal/test/required"
)

func TestBuildMakesAStaticHandlerForAzure(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil { // which build.sh takes in its place
		required.Program(t, "zip", "apt-get install zip")
	}
	dir := t.TempDir()
	out, pack := filepath.Join(dir, "out"), filepath.Join(dir, "app.zip")
	script(t, nil, "", "build.sh", "--out="+out, "--zip="+pack).want(t, 0, "", "")

	path := filepath.Join(out, "handler")
	file, err := os.ReadFile(path)
	required.NoError(t, err)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o111 != 0o111 {
		t.Errorf("the handler may not be run by everybody: %v, %v", info.Mode(), err)
	}
	staticAMD64(t, bytes.NewReader(file))

	archive, err := zip.OpenReader(pack)
	required.NoError(t, err)
	defer archive.Close()
	content := map[string][]byte{}
	for _, f := range archive.File {
		if f.FileInfo().IsDir() {
			continue
		}
		r, err := f.Open()
		if err == nil {
			content[f.Name], err = io.ReadAll(r)
		}
		required.NoError(t, err)
		if executable := f.Mode().Perm()&0o111 == 0o111; executable != (f.Name == "handler") {
			t.Errorf("%s has the mode %v", f.Name, f.Mode())
		}
	}
	if names, want := slices.Sorted(maps.Keys(content)), []string{"handler", "host.json", "labelbox/function.json"}; !slices.Equal(names, want) {
		t.Fatalf("packed %q, want %q", names, want)
	}
	if !bytes.Equal(content["handler"], file) {
		t.Error("another handler is packed than was built")
	}
	if err := check(content["host.json"], content["labelbox/function.json"]); err != nil {
		t.Error(err)
	}
}

func TestBuildMakesTheWorkersProject(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	script(t, nil, "", "build.sh", "--worker", "--out="+out).want(t, 0, "", "")
	for _, name := range []string{"host.json", "worker/function.json"} {
		if got, err := os.ReadFile(filepath.Join(out, name)); err != nil || !bytes.Equal(got, read(t, "worker/"+name)) {
			t.Errorf("%s: %v, %q", name, err, got)
		}
	}
	file, err := os.ReadFile(filepath.Join(out, "handler"))
	required.NoError(t, err)
	staticAMD64(t, bytes.NewReader(file))
}

// staticAMD64 checks that nothing but the kernel is needed to run a program.
func staticAMD64(t *testing.T, r io.ReaderAt) {
	program, err := elf.NewFile(r)
	required.NoError(t, err)
	if program.Machine != elf.EM_X86_64 {
		t.Errorf("it is for %s", program.Machine)
	}
	for _, p := range program.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("it is linked dynamically: %s", p.Type)
		}
	}
	if program.Section(".symtab") != nil || program.Section(".debug_info") != nil {
		t.Error("it is not stripped")
	}
}
