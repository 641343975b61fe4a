/**
 * The look that every page shares: the font in small parts, of which a browser loads what a page's text needs; tokens;
 * base.
 */
import 'pretendard/dist/web/variable/pretendardvariable-dynamic-subset.css';
import './tokens.css';
import './base.css';
