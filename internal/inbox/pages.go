package inbox

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
)

// pages reads an SQLite file and its log page by page, without SQLite, which
// gives up at the first damage. The format is https://sqlite.org/fileformat2.html.
// It changes neither.
type pages struct {
	main, log *os.File // log is nil if there is none
	size      int      // of a page, in bytes
	usable    int      // of these, without what a page reserves
	count     uint32   // pages that are there
	claimed   uint32   // pages that the first one says there are; 0 if it does not
	newer     map[uint32]int64
	brokenAt  int64 // where in the log SQLite stops
	unreached int   // transactions that end behind it
	buffer    []byte
}

const (
	defaultPageSize = 8192 // of an inbox
	headerSize      = 100  // of the file, on the first page
	logHeaderSize   = 32
	frameHeaderSize = 24
)

var errPage = errors.New("damaged page")

func openPages(path string) (_ *pages, err error) {
	p := &pages{size: defaultPageSize, newer: map[uint32]int64{}}
	if p.main, err = os.Open(path); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	if p.log, err = openLog(path); err != nil {
		return nil, err
	}
	info, err := p.main.Stat()
	if err != nil {
		return nil, err
	}
	var header [headerSize]byte
	reserved := 0
	if _, err := p.main.ReadAt(header[:], 0); err == nil && string(header[:16]) == "SQLite format 3\x00" {
		if size := pageSize(uint32(binary.BigEndian.Uint16(header[16:]))); size != 0 {
			p.size, reserved = size, int(header[20])
			p.claimed = binary.BigEndian.Uint32(header[28:])
		}
	}
	p.count = uint32(min(info.Size()/int64(p.size), math.MaxUint32))
	if err := p.readLog(); err != nil {
		return nil, err
	}
	p.usable = p.size - reserved
	p.buffer = make([]byte, p.size)
	return p, nil
}

// openLog returns nil where there is no log.
func openLog(path string) (*os.File, error) {
	log, err := os.Open(path + "-wal")
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return log, err
}

func (p *pages) Close() error {
	if p.log != nil {
		p.log.Close()
	}
	return p.main.Close()
}

// unreached is how many transactions in the log of the file at path SQLite would
// drop without a word, because what is in front of them is damaged. A last one
// alone does not count: a power failure in the midst of it looks the same.
//
// It does not open the file itself, see [files].
func unreached(path string) int {
	log, err := openLog(path)
	if err != nil || log == nil {
		return 0
	}
	defer log.Close()
	var seen [2]pages
	for i := range seen { // twice: what a writer was just writing is whole by then
		p := &seen[i]
		*p = pages{log: log, size: defaultPageSize, newer: map[uint32]int64{}}
		if p.readLog() != nil || p.unreached < 2 || p.brokenAt != seen[0].brokenAt {
			return 0
		}
	}
	return seen[1].unreached
}

// pageSize reads how the file says it; 0 if that is none.
func pageSize(n uint32) int {
	if n == 1 {
		n = 1 << 16
	}
	if n < 512 || n > 1<<16 || n&(n-1) != 0 {
		return 0
	}
	return int(n)
}

// readLog finds the pages that transactions have left in the log. It goes on behind
// a damaged frame, where SQLite stops, and counts the transactions that end there.
func (p *pages) readLog() error {
	var header [logHeaderSize]byte
	if p.log == nil {
		return nil
	}
	if _, err := p.log.ReadAt(header[:], 0); err != nil {
		return nil // too short to hold anything
	}
	sum := logSum{order: binary.LittleEndian}
	if header[3] == 0x83 {
		sum.order = binary.BigEndian
	}
	var salt string // of the frames that count; older ones are behind them
	if string(header[:3]) == "\x37\x7f\x06" && sum.add(header[:24]).is(header[24:]) {
		size := pageSize(binary.BigEndian.Uint32(header[8:]))
		if size == 0 || p.claimed != 0 && size != p.size {
			return nil
		}
		p.size, salt = size, string(header[16:24])
	}
	frame := make([]byte, frameHeaderSize+p.size)
	open := map[uint32]int64{} // of the transaction that is being read
	for at := int64(logHeaderSize); ; at += int64(len(frame)) {
		if _, err := p.log.ReadAt(frame, at); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		follows := sum.add(frame[:8]).add(frame[frameHeaderSize:]).is(frame[16:])
		if follows && salt == "" {
			salt = string(frame[8:16])
		}
		if !follows || string(frame[8:16]) != salt {
			if p.brokenAt == 0 {
				p.brokenAt = at
			}
			sum.set(frame[16:]) // the next one tells whether that is right
			continue
		}
		n, size := binary.BigEndian.Uint32(frame), binary.BigEndian.Uint32(frame[4:])
		open[n] = at + frameHeaderSize
		if size == 0 {
			continue
		}
		for n, where := range open { // the transaction is complete
			p.newer[n] = where
			p.count = max(p.count, n)
		}
		clear(open)
		p.claimed = size
		if p.brokenAt != 0 {
			p.unreached++
		}
	}
	var after [logHeaderSize]byte
	if _, err := p.log.ReadAt(after[:], 0); err != nil || after != header {
		p.unreached = 0 // a writer has begun it anew meanwhile
	}
	return nil
}

// logSum is the running checksum of a log.
type logSum struct {
	order  binary.ByteOrder
	s0, s1 uint32
}

func (s *logSum) add(data []byte) *logSum {
	for ; len(data) >= 8; data = data[8:] {
		s.s0 += s.order.Uint32(data) + s.s1
		s.s1 += s.order.Uint32(data[4:]) + s.s0
	}
	return s
}

func (s *logSum) is(want []byte) bool {
	return s.s0 == binary.BigEndian.Uint32(want) && s.s1 == binary.BigEndian.Uint32(want[4:])
}

func (s *logSum) set(from []byte) {
	s.s0, s.s1 = binary.BigEndian.Uint32(from), binary.BigEndian.Uint32(from[4:])
}

// read fills into with page n.
func (p *pages) read(n uint32, into []byte) error {
	if n == 0 || n > p.count {
		return errPage
	}
	var err error
	if at, found := p.newer[n]; found {
		_, err = p.log.ReadAt(into, at)
	} else {
		_, err = p.main.ReadAt(into, int64(n-1)*int64(p.size))
	}
	if err != nil {
		return errPage // the disk, or the end of the file
	}
	return nil
}

// The kinds of pages that hold records.
const (
	indexInterior = 0x02
	indexLeaf     = 0x0a
	tableLeaf     = 0x0d
)

// records calls f with each whole record of table leaves, or of indexes, in the
// order of the file. number is the row's; 0 in an index. Values
// are nil, int64, string or []byte, and f may keep them.
func (p *pages) records(ofTable bool, f func(number int64, values []any) error) error {
	page := make([]byte, p.size)
	for n := uint32(1); n <= p.count; n++ {
		if p.read(n, page) != nil {
			continue
		}
		head := 0
		if n == 1 {
			head = headerSize
		}
		kind, cells := page[head], head+8
		switch {
		case ofTable && kind == tableLeaf, !ofTable && kind == indexLeaf:
		case !ofTable && kind == indexInterior:
			cells += 4
		default:
			continue
		}
		for i := range int(binary.BigEndian.Uint16(page[head+3:])) {
			at := cells + 2*i
			if at+2 > p.usable {
				break
			}
			number, values, err := p.record(page, kind, int(binary.BigEndian.Uint16(page[at:])))
			if err != nil {
				continue
			}
			if err := f(number, values); err != nil {
				return err
			}
		}
	}
	return nil
}

// record reads the record of the cell at this place of a page.
func (p *pages) record(page []byte, kind byte, at int) (number int64, values []any, err error) {
	if at < 8 || at >= p.usable {
		return 0, nil, errPage
	}
	cell := page[at:p.usable]
	if kind == indexInterior { // begins with a page number
		cell = cell[min(4, len(cell)):]
	}
	length, cell, ok := varint(cell)
	if ok && kind == tableLeaf {
		number, cell, ok = varint(cell)
	}
	if !ok || length < 2 || length > int64(p.count)*int64(p.size) {
		return 0, nil, errPage
	}
	most := int64(p.usable - 35)
	if kind != tableLeaf {
		most = int64((p.usable-12)*64/255 - 23)
	}
	local := length
	if length > most {
		least := int64((p.usable-12)*32/255 - 23)
		if local = least + (length-least)%int64(p.usable-4); local > most {
			local = least
		}
		if int64(len(cell)) < local+4 {
			return 0, nil, errPage
		}
	}
	if int64(len(cell)) < local {
		return 0, nil, errPage
	}
	types, head, ok := recordTypes(cell[:local], length)
	if !ok { // before the rest is read for nothing
		return 0, nil, errPage
	}
	record := append(make([]byte, 0, length), cell[:local]...)
	if local < length {
		next := binary.BigEndian.Uint32(cell[local:])
		for int64(len(record)) < length {
			if err := p.read(next, p.buffer); err != nil {
				return 0, nil, err
			}
			next = binary.BigEndian.Uint32(p.buffer)
			record = append(record, p.buffer[4:min(int64(p.usable), 4+length-int64(len(record)))]...)
		}
	}
	values, err = recordValues(record[head:], types)
	return number, values, err
}

// recordTypes reads the head of a record of this length, which says what it
// holds. It is false of what cannot be one.
func recordTypes(record []byte, length int64) (types []int64, head int64, ok bool) {
	head, rest, ok := varint(record)
	used := int64(len(record) - len(rest))
	if !ok || head < used || head > int64(len(record)) {
		return nil, 0, false
	}
	sum := head
	for rest = record[used:head]; len(rest) > 0; {
		var t int64
		if t, rest, ok = varint(rest); !ok || t < 0 {
			return nil, 0, false
		}
		types = append(types, t)
		if sum += typeSize(t); sum > length {
			return nil, 0, false
		}
	}
	return types, head, sum == length
}

// typeSize is how many bytes a value of this type has.
func typeSize(t int64) int64 {
	if t >= 12 {
		return (t - 12) / 2
	}
	return [...]int64{0, 1, 2, 3, 4, 6, 8, 8, 0, 0, math.MaxInt32, math.MaxInt32}[t]
}

func recordValues(data []byte, types []int64) (values []any, err error) {
	for _, t := range types {
		size := typeSize(t)
		part := data[:size]
		data = data[size:]
		switch {
		case t == 0:
			values = append(values, nil)
		case t == 7:
			return nil, errPage // a fraction, of which an inbox has none
		case t >= 12 && t%2 == 0:
			values = append(values, part)
		case t >= 12:
			values = append(values, string(part))
		default:
			n := int64(0)
			if t == 9 {
				n = 1
			}
			for i, b := range part {
				if i == 0 {
					n = int64(int8(b))
				} else {
					n = n<<8 | int64(b)
				}
			}
			values = append(values, n)
		}
	}
	return values, nil
}

// varint reads a number of one to nine bytes.
func varint(from []byte) (n int64, rest []byte, ok bool) {
	for i, b := range from {
		if i == 8 {
			return n<<8 | int64(b), from[9:], true
		}
		n = n<<7 | int64(b&0x7f)
		if b < 0x80 {
			return n, from[i+1:], true
		}
	}
	return 0, nil, false
}
