// Checks checkpoints and proofs with Go's checksum-database packages, and none of Desist's code.
//
//	check KEY FILE ...    each FILE: a checkpoint, X.tlog-proof (beside X.json), or a proof of growth (beside old.note)
//	check -tiles KEY DIR  all tiles in DIR/tile, against DIR/checkpoint
//
// One line a FILE, `ok` or `no` and why.
package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func checkpoint(text, key string) (size int64, root tlog.Hash, err error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return
	}
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 {
		return 0, root, fmt.Errorf("%d lines", len(lines))
	}
	if size, err = number(lines[1]); err != nil {
		return
	}
	root, err = hash(lines[2])
	return
}

func number(text string) (int64, error) {
	value, err := strconv.ParseInt(text, 10, 64)
	if err == nil && strconv.FormatInt(value, 10) != text {
		err = fmt.Errorf("a number in another form")
	}
	return value, err
}

func hash(text string) (tlog.Hash, error) {
	var found tlog.Hash
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err == nil && copy(found[:], raw) != len(raw) || len(raw) != 32 {
		err = fmt.Errorf("no hash")
	}
	return found, err
}

func proof(lines []string) (hashes []tlog.Hash, err error) {
	for _, line := range lines {
		one, err := hash(line)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, one)
	}
	return
}

func check(key, file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	text := string(raw)
	head, rest, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	switch {
	case lines[0] == "c2sp.org/tlog-proof@v1":
		size, root, err := checkpoint(rest, key)
		if err != nil {
			return err
		}
		if len(lines) < 2 || !strings.HasPrefix(lines[1], "index ") {
			return fmt.Errorf("no index")
		}
		index, err := number(lines[1][6:])
		if err != nil {
			return err
		}
		hashes, err := proof(lines[2:])
		if err != nil {
			return err
		}
		leaf, err := os.ReadFile(strings.TrimSuffix(file, ".tlog-proof") + ".json")
		if err != nil {
			return err
		}
		return tlog.CheckRecord(hashes, size, root, index, tlog.RecordHash(leaf))
	case strings.HasPrefix(lines[0], "old "):
		size, root, err := checkpoint(rest, key)
		if err != nil {
			return err
		}
		before, err := number(lines[0][4:])
		if err != nil {
			return err
		}
		hashes, err := proof(lines[1:])
		if err != nil {
			return err
		}
		earlier, err := os.ReadFile(filepath.Join(filepath.Dir(file), "old.note"))
		if err != nil {
			return err
		}
		oldSize, oldRoot, err := checkpoint(string(earlier), key)
		if err != nil || oldSize != before {
			return fmt.Errorf("another old checkpoint: %v", err)
		}
		return tlog.CheckTree(hashes, size, root, oldSize, oldRoot)
	}
	_, _, err = checkpoint(text, key)
	return err
}

// tiles builds the tree anew from the leaf hashes in DIR, at the paths of C2SP tlog-tiles, which have no height in them.
func tiles(key, dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return err
	}
	size, root, err := checkpoint(string(text), key)
	if err != nil {
		return err
	}
	type place struct {
		level int
		n     int64
	}
	last := map[place]tlog.Tile{} // NewTiles names every width of a tile that is not full, the last one last
	for _, tile := range tlog.NewTiles(8, 0, size) {
		last[place{tile.L, tile.N}] = tile
	}
	files := map[place][]byte{}
	for where, tile := range last {
		path := filepath.Join(dir, "tile", strings.TrimPrefix(tile.Path(), "tile/8/"))
		if files[where], err = os.ReadFile(path); err != nil {
			return err
		}
	}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) (found []tlog.Hash, err error) {
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return
	})
	for index := int64(0); index < size; index++ {
		var leaf tlog.Hash
		copy(leaf[:], files[place{0, index / 256}][index%256*32:])
		more, err := tlog.StoredHashesForRecordHash(index, leaf, reader)
		if err != nil {
			return err
		}
		stored = append(stored, more...)
	}
	if found, err := tlog.TreeHash(size, reader); err != nil || found != root {
		return fmt.Errorf("another root: %v", err)
	}
	for where, tile := range last {
		if due, err := tlog.ReadTileData(tile, reader); err != nil || !bytes.Equal(due, files[where]) {
			return fmt.Errorf("another tile at %s: %v", tile.Path(), err)
		}
	}
	return nil
}

func main() {
	run, args := check, os.Args[1:]
	if args[0] == "-tiles" {
		run, args = tiles, args[1:]
	}
	for _, file := range args[1:] {
		if err := run(args[0], file); err != nil {
			fmt.Println("no", file, err)
		} else {
			fmt.Println("ok", file)
		}
	}
}
