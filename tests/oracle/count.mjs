// Reads a JSON list of documents; writes a JSON list of what micromark with its
// GFM extension counts in each, by way of its syntax tree (mdast).
import {readFileSync} from 'node:fs'
import {fromMarkdown} from 'mdast-util-from-markdown'
import {gfmFromMarkdown} from 'mdast-util-gfm'
import {gfm} from 'micromark-extension-gfm'

function count(source) {
  const counts = {headings: {}, checked: 0, unchecked: 0, fences: {}}
  const add = (table, key) => (table[key] = (table[key] || 0) + 1)
  const tree = fromMarkdown(source, {
    extensions: [gfm()],
    mdastExtensions: [gfmFromMarkdown()]
  })
  const walk = (node) => {
    if (node.type === 'heading') add(counts.headings, node.depth)
    if (node.type === 'listItem' && node.checked === true) counts.checked++
    if (node.type === 'listItem' && node.checked === false) counts.unchecked++
    if (node.type === 'code' && isFenced(node)) add(counts.fences, node.lang || '')
    for (const child of node.children || []) walk(child)
  }
  // The tree does not tell fenced from indented code; the source does: an
  // indented block begins with its own first line.
  const isFenced = (node) => {
    if (node.lang) return true
    const line = source.slice(node.position.start.offset).split(/\r\n|\r|\n/, 1)[0]
    const written = line.trimStart()
    const own = node.value.split('\n', 1)[0].trimStart()
    return /^(`{3}|~{3})/.test(written) && own !== written
  }
  walk(tree)
  return counts
}

const documents = JSON.parse(readFileSync(0, 'utf8'))
process.stdout.write(JSON.stringify(documents.map(count)))
