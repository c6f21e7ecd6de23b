package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// leftFile is a list of the keys that are left to send, one a line, and true at
// every moment: the line of each delivery that is taken becomes blank at once, so
// whatever ends the process, the file says how to go on.
type leftFile struct {
	*os.File
	err error // the first of striking
}

// createLeftFile puts a list of all keys at the path, whole or not at all.
func createLeftFile(path string, keys []byte) (*leftFile, error) {
	if err := mayReplace(path); err != nil {
		return nil, err
	}
	if err := replaceFile(path, keys); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	return &leftFile{File: f}, nil
}

var struck = bytes.Repeat([]byte(" "), keyDigits)

// strike takes the key at a place, from 0, off the list.
func (f *leftFile) strike(index int) {
	if _, err := f.WriteAt(struck, int64(index)*(keyDigits+1)); err != nil && f.err == nil {
		f.err = err
	}
}

// finish puts what is left in its place, without the blank lines.
func (f *leftFile) finish(keys []string) error {
	if err := errors.Join(f.err, f.Close()); err != nil {
		return err
	}
	var lines []byte
	for _, key := range keys {
		lines = append(append(lines, key...), '\n')
	}
	return replaceFile(f.Name(), lines)
}

// mayReplace refuses a file that is no such list: an inbox, say.
func mayReplace(path string) error {
	if path == "-" {
		return errors.New("the standard output has the result already")
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New(path + " is not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	start, err := io.ReadAll(io.LimitReader(f, keyDigits+1)) // a key and its line break
	if err != nil {
		return err
	}
	if first := strings.TrimSpace(string(start)); first != "" && !wholeKey.MatchString(first) {
		return errors.New(path + " holds something else than keys, and would be lost")
	}
	return nil
}

// replaceFile puts a file with this content, for its owner alone, at the path: as
// a whole or not at all.
func replaceFile(path string, content []byte) error {
	folder := filepath.Dir(path)
	f, err := os.CreateTemp(folder, "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // unless it was renamed
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	if dir, err := os.Open(folder); err == nil {
		dir.Sync() // not every system can
		dir.Close()
	}
	return nil
}
